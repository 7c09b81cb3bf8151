// The shapes of what this layer uses of noble: a caller can pass their own copy, and our declarations
// need no types of noble.

/** The shape of a point on a short Weierstrass curve, in projective coordinates: x = X / Z. */
export interface NobleWeierstrassPoint<P> {
  readonly X: bigint;
  readonly Z: bigint;
  is0(): boolean;
  add(other: P): P;
  double(): P;
  negate(): P;
}

/** The shape of `p256`, `p384` and `p521` of @noble/curves 2. */
export interface NobleEcdsa<P extends NobleWeierstrassPoint<P> = NobleWeierstrassPointOf> {
  getPublicKey(secretKey: Uint8Array, isCompressed?: boolean): Uint8Array;
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  verify(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
    options?: { readonly lowS?: boolean },
  ): boolean;
  readonly lengths: {
    readonly secretKey?: number;
    readonly signature?: number;
    readonly seed?: number;
  };
  readonly utils: {
    randomSecretKey(seed?: Uint8Array): Uint8Array;
    isValidSecretKey(secretKey: Uint8Array): boolean;
    isValidPublicKey(publicKey: Uint8Array, isCompressed?: boolean): boolean;
  };
  readonly Point: {
    readonly BASE: P;
    readonly ZERO: P;
    readonly Fn: { readonly ORDER: bigint; readonly BITS: number; inv(scalar: bigint): bigint };
    readonly Fp: { readonly ORDER: bigint };
    fromBytes(bytes: Uint8Array): P;
  };
}

type NobleWeierstrassPointOf = NobleWeierstrassPoint<NobleWeierstrassPointOf>;

/** The shape of a point of edwards25519. */
export interface NobleEdwardsPoint<P> {
  add(other: P): P;
  double(): P;
  negate(): P;
  multiplyUnsafe(scalar: bigint): P;
  toBytes(): Uint8Array;
}

/** The shape of `ed25519` of @noble/curves 2. */
export interface NobleEd25519<P extends NobleEdwardsPoint<P> = NobleEdwardsPointOf> {
  getPublicKey(secretKey: Uint8Array): Uint8Array;
  sign(message: Uint8Array, secretKey: Uint8Array): Uint8Array;
  readonly Point: {
    readonly BASE: P;
    readonly ZERO: P;
    readonly Fn: { readonly ORDER: bigint; readonly BITS: number };
    fromBytes(bytes: Uint8Array, zip215?: boolean): P;
  };
  readonly utils: { isValidPublicKey(publicKey: Uint8Array, zip215?: boolean): boolean };
}

type NobleEdwardsPointOf = NobleEdwardsPoint<NobleEdwardsPointOf>;

/** The objects of noble that nobleBackend takes. */
export interface NobleParts {
  readonly p256: NobleEcdsa;
  readonly p384: NobleEcdsa;
  readonly p521: NobleEcdsa;
  readonly ed25519: NobleEd25519;
  /** From @noble/hashes 2, as sha384 and sha512 are. */
  readonly sha256: (data: Uint8Array) => Uint8Array;
  readonly sha384: (data: Uint8Array) => Uint8Array;
  readonly sha512: (data: Uint8Array) => Uint8Array;
  /** Returns cryptographically secure random bytes. Default the platform's `crypto.getRandomValues`. */
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
}
