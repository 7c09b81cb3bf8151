// Misuse that the compiler finds: compiled with the other tests (tsc -p test), never run. Each rule is stated both ways, so
// that a type that takes everything, or nothing, fails.
import * as pkg from "dpop-core";
import type {
  Alg,
  AsyncAlg,
  AsyncSigner,
  AsyncVerifierOptions,
  Backend,
  Failure,
  FailureCode,
  ProofRequest,
  PublicJwk,
  ReplayStore,
  Signer,
  SyncAlg,
  SyncReplayStore,
  SyncSigner,
  VerifiedProof,
  VerifierOptions,
  VerifyResult,
} from "dpop-core";
import * as core from "dpop-core/core";
import type { JWTPayload } from "jose";
import { expectTypeOf } from "vitest";
import type { SyncBackend } from "../src/jose/alg.js";
import type { ReplayAnswer } from "../src/replay/replay.js";

type Argument<F extends (...args: never[]) => unknown, At extends number = 0> = Parameters<F>[At];

type AsyncBackend = Backend<AsyncAlg>;
interface AsyncStore {
  add(key: string, expiresAt: number, now: number): Promise<ReplayAnswer>;
}
interface NoReplay {
  readonly replay: "none";
}
interface Algs<A> extends NoReplay {
  readonly algs: readonly A[];
}
interface Replay<R> {
  readonly replay: R;
}
interface Plug<B> extends NoReplay {
  readonly backend: B;
}

// A part that answers later is not assignable where an answer is needed at once.
expectTypeOf<AsyncAlg>().not.toExtend<SyncAlg>();
expectTypeOf<Alg>().not.toExtend<SyncAlg>();
expectTypeOf<AsyncBackend>().not.toExtend<SyncBackend>();
expectTypeOf<Backend>().not.toExtend<SyncBackend>();
expectTypeOf<AsyncStore>().not.toExtend<SyncReplayStore>();
expectTypeOf<ReplayStore>().not.toExtend<SyncReplayStore>();
expectTypeOf<AsyncSigner>().not.toExtend<SyncSigner>();
expectTypeOf<Signer>().not.toExtend<SyncSigner>();

// One that answers at once is assignable where an answer may come later.
expectTypeOf<SyncAlg>().toExtend<Alg>();
expectTypeOf<AsyncAlg>().toExtend<Alg>();
expectTypeOf<SyncBackend>().toExtend<Backend>();
expectTypeOf<AsyncBackend>().toExtend<Backend>();
expectTypeOf<SyncReplayStore>().toExtend<ReplayStore>();
expectTypeOf<AsyncStore>().toExtend<ReplayStore>();
expectTypeOf<SyncSigner>().toExtend<Signer>();
expectTypeOf<AsyncSigner>().toExtend<Signer>();

// The same of whole options, in both entries.
expectTypeOf<Algs<SyncAlg>>().toExtend<VerifierOptions>();
expectTypeOf<Algs<AsyncAlg>>().not.toExtend<VerifierOptions>();
expectTypeOf<Algs<Alg>>().not.toExtend<VerifierOptions>();
expectTypeOf<Algs<Alg>>().toExtend<AsyncVerifierOptions>();
expectTypeOf<Algs<SyncAlg>>().toExtend<AsyncVerifierOptions>();
expectTypeOf<Replay<SyncReplayStore>>().toExtend<VerifierOptions>();
expectTypeOf<Replay<AsyncStore>>().not.toExtend<VerifierOptions>();
expectTypeOf<Replay<ReplayStore>>().not.toExtend<VerifierOptions>();
expectTypeOf<Replay<AsyncStore>>().toExtend<AsyncVerifierOptions>();
expectTypeOf<Replay<SyncReplayStore>>().toExtend<AsyncVerifierOptions>();
expectTypeOf<Plug<SyncBackend>>().toExtend<VerifierOptions>();
expectTypeOf<Plug<AsyncBackend>>().not.toExtend<VerifierOptions>();
expectTypeOf<Plug<AsyncBackend>>().toExtend<AsyncVerifierOptions>();
expectTypeOf<Plug<SyncBackend>>().toExtend<core.VerifierOptions>();
expectTypeOf<Plug<AsyncBackend>>().not.toExtend<core.VerifierOptions>();
expectTypeOf<Plug<AsyncBackend>>().toExtend<core.AsyncVerifierOptions>();
expectTypeOf<core.VerifierOptions>().toExtend<core.AsyncVerifierOptions>();
expectTypeOf<core.AsyncVerifierOptions>().not.toExtend<core.VerifierOptions>();

// A profile goes into the options of either kind, in both entries, and what is a word is one of its words.
expectTypeOf<typeof pkg.profiles.fapi2 & NoReplay>().toExtend<VerifierOptions>();
expectTypeOf<typeof pkg.profiles.fapi2 & NoReplay>().toExtend<AsyncVerifierOptions>();
expectTypeOf<typeof core.profiles.mcp & Plug<SyncBackend>>().toExtend<core.VerifierOptions>();
expectTypeOf(pkg.profiles.fapi2).not.toExtend<VerifierOptions>(); // replay is still to be said
expectTypeOf<typeof pkg.profiles.fapi2>().toEqualTypeOf<pkg.VerifierProfile>();
expectTypeOf<NoReplay & { readonly iatWithNonce: "checked" }>().toExtend<VerifierOptions>();
expectTypeOf<NoReplay & { readonly iatWithNonce: "ignored" }>().not.toExtend<VerifierOptions>();
expectTypeOf<
  NoReplay & { readonly permittedAlgs: readonly Alg[] }
>().not.toExtend<VerifierOptions>();
expectTypeOf<{ readonly plainHttp: boolean }>().not.toExtend<VerifierOptions>();
expectTypeOf<{ readonly plainHttp: boolean }>().not.toExtend<pkg.CreateOptions>();
expectTypeOf<{ readonly plainHttp: "anywhere" }>().toExtend<pkg.CreateOptions>();

// A verifier of one's own may leave out what it takes by plain http.
type OwnVerifier = Pick<pkg.Verifier, "algs" | "verify">;
expectTypeOf<OwnVerifier>().toExtend<pkg.ResourceServerOptions["verifier"]>();
expectTypeOf<OwnVerifier>().toExtend<pkg.AuthorizationServerOptions["verifier"]>();

// What the functions themselves take, and what they return.
expectTypeOf<Argument<typeof pkg.createVerifier>>().toEqualTypeOf<VerifierOptions>();
expectTypeOf<Argument<typeof pkg.verifyProof, 2>>().toEqualTypeOf<VerifierOptions>();
expectTypeOf<Argument<typeof pkg.createAsyncVerifier>>().toEqualTypeOf<AsyncVerifierOptions>();
expectTypeOf<Argument<typeof pkg.createProof>>().toEqualTypeOf<SyncSigner>();
expectTypeOf<Argument<typeof core.createProof>>().toEqualTypeOf<SyncSigner>();
expectTypeOf<Argument<typeof core.createVerifier>>().toEqualTypeOf<core.VerifierOptions>();
expectTypeOf<Argument<typeof core.verifyProof, 2>>().toEqualTypeOf<core.VerifierOptions>();
expectTypeOf<Argument<typeof pkg.createProofAsync>>().toEqualTypeOf<Signer>();
expectTypeOf(pkg.verifyProof).returns.toEqualTypeOf<VerifyResult>();
expectTypeOf(pkg.verifyProofAsync).returns.toEqualTypeOf<Promise<VerifyResult>>();
expectTypeOf(pkg.createProof).returns.toEqualTypeOf<string>();
expectTypeOf(pkg.createProofAsync).returns.toEqualTypeOf<Promise<string>>();

// noble, its algorithms, its signers and the memory store answer at once.
expectTypeOf(pkg.noble).toExtend<SyncBackend>();
expectTypeOf(pkg.noble.ES256).toExtend<SyncAlg>();
expectTypeOf(pkg.createSigner).returns.toEqualTypeOf<SyncSigner>();
expectTypeOf(pkg.createMemoryReplayStore).returns.toExtend<SyncReplayStore>();

// dpop-core needs no backend, dpop-core/core does.
expectTypeOf<NoReplay>().toExtend<VerifierOptions>();
expectTypeOf<NoReplay>().not.toExtend<core.VerifierOptions>();
expectTypeOf<NoReplay & { readonly backend?: SyncBackend }>().not.toExtend<core.VerifierOptions>();
expectTypeOf<NoReplay>().not.toExtend<core.AsyncVerifierOptions>();
expectTypeOf<Record<never, never>>().toExtend<pkg.CreateOptions>();
expectTypeOf<Record<never, never>>().not.toExtend<core.CreateOptions>();
expectTypeOf<[PublicJwk]>().toExtend<Parameters<typeof pkg.jwkThumbprint>>();
expectTypeOf<[PublicJwk]>().not.toExtend<Parameters<typeof core.jwkThumbprint>>();
expectTypeOf<[NoReplay]>().toExtend<Parameters<typeof pkg.createVerifier>>();
expectTypeOf<[NoReplay]>().not.toExtend<Parameters<typeof core.createVerifier>>();

// What becomes of replays can't be forgotten: a store, or the word that gives it up.
expectTypeOf<Record<never, never>>().not.toExtend<VerifierOptions>();
expectTypeOf<Record<never, never>>().not.toExtend<AsyncVerifierOptions>();
expectTypeOf<Plug<SyncBackend>>().toExtend<core.VerifierOptions>();
expectTypeOf<{ readonly backend: SyncBackend }>().not.toExtend<core.VerifierOptions>();
expectTypeOf<{ readonly backend: SyncBackend }>().not.toExtend<core.AsyncVerifierOptions>();
expectTypeOf<Replay<undefined>>().not.toExtend<AsyncVerifierOptions>();
expectTypeOf<Replay<null>>().not.toExtend<AsyncVerifierOptions>();
expectTypeOf<Replay<"memory">>().not.toExtend<AsyncVerifierOptions>();
expectTypeOf<[]>().not.toExtend<Parameters<typeof pkg.createVerifier>>();
expectTypeOf<[]>().not.toExtend<Parameters<typeof pkg.createAsyncVerifier>>();
expectTypeOf<[string, ProofRequest]>().not.toExtend<Parameters<typeof pkg.verifyProof>>();
expectTypeOf<[string, ProofRequest]>().not.toExtend<Parameters<typeof pkg.verifyProofAsync>>();
expectTypeOf<[PublicJwk]>().toExtend<Parameters<typeof pkg.jwkThumbprint>>();
expectTypeOf<[PublicJwk]>().not.toExtend<Parameters<typeof core.jwkThumbprint>>();
expectTypeOf<[string]>().toExtend<Parameters<typeof pkg.accessTokenHash>>();
expectTypeOf<[string]>().not.toExtend<Parameters<typeof core.accessTokenHash>>();

// With an access token, the key that it is bound to can't be forgotten.
interface Line {
  readonly method: string;
  readonly url: string;
}
interface WithToken extends Line {
  readonly accessToken: string;
}
expectTypeOf<Line>().toExtend<ProofRequest>();
expectTypeOf<Line & { readonly jkt: string }>().toExtend<ProofRequest>();
expectTypeOf<Line & { readonly jkt: string | undefined }>().toExtend<ProofRequest>();
expectTypeOf<Line & { readonly now: number }>().toExtend<ProofRequest>();
expectTypeOf<WithToken>().not.toExtend<ProofRequest>();
expectTypeOf<WithToken & { readonly jkt: string }>().toExtend<ProofRequest>();
expectTypeOf<WithToken & { readonly jkt?: string }>().not.toExtend<ProofRequest>();
expectTypeOf<WithToken & { readonly jkt: string | undefined }>().not.toExtend<ProofRequest>();
expectTypeOf<
  Line & { readonly accessToken?: string; readonly jkt?: string }
>().not.toExtend<ProofRequest>();
expectTypeOf<{ readonly method: string }>().not.toExtend<ProofRequest>();
expectTypeOf<{ readonly url: string }>().not.toExtend<ProofRequest>();
expectTypeOf<Line & { readonly now: Date }>().not.toExtend<ProofRequest>();

// The header field is what servers make of it.
expectTypeOf<string | readonly string[] | null | undefined>().toEqualTypeOf<pkg.FieldValue>();
expectTypeOf<Headers>().not.toExtend<pkg.FieldValue>();

// A result is narrowed by ok, and a failure by its code.
export function narrows(result: VerifyResult): void {
  expectTypeOf(result).not.toHaveProperty("jkt");
  expectTypeOf(result).not.toHaveProperty("code");
  if (result.ok) {
    expectTypeOf(result).toEqualTypeOf<VerifiedProof>();
    expectTypeOf(result.jkt).toEqualTypeOf<string>();
    expectTypeOf(result.jwk).toEqualTypeOf<PublicJwk>();
    expectTypeOf(result.claims.jti).toEqualTypeOf<string>();
    expectTypeOf(result.claims.ath).toEqualTypeOf<string | undefined>();
    expectTypeOf(result.claims["other"]).toEqualTypeOf<unknown>();
    expectTypeOf(result).not.toHaveProperty("code");
    return;
  }
  expectTypeOf(result).toEqualTypeOf<Failure<pkg.VerifyFailureCode>>();
  expectTypeOf(result.code).toEqualTypeOf<pkg.VerifyFailureCode>();
  expectTypeOf(result).not.toHaveProperty("jkt");
  if (result.code === "nonce_missing" || result.code === "nonce_mismatch") {
    expectTypeOf(result.code).toEqualTypeOf<"nonce_missing" | "nonce_mismatch">();
    expectTypeOf(result.nextNonce).toEqualTypeOf<string | undefined>();
    return;
  }
  expectTypeOf(result.code).toEqualTypeOf<
    Exclude<pkg.VerifyFailureCode, "nonce_missing" | "nonce_mismatch">
  >();
}

// A proof that was read is no proof that was verified.
expectTypeOf<pkg.ParsedProof>().not.toExtend<VerifiedProof>();
expectTypeOf(pkg.parseProof).returns.toEqualTypeOf<
  pkg.ParsedProof | Failure<pkg.VerifyFailureCode>
>();

// There is a row for every code, and no other.
expectTypeOf<keyof typeof pkg.FAILURES>().toEqualTypeOf<FailureCode>();
expectTypeOf<"signature_invalid">().toExtend<FailureCode>();
expectTypeOf<"invalid_dpop_proof">().not.toExtend<FailureCode>();

// A thumbprint is of a public key of a known form.
interface EcPoint {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}
expectTypeOf(pkg.jwkThumbprint).returns.toEqualTypeOf<string>();
expectTypeOf<Argument<typeof pkg.jwkThumbprint>>().toEqualTypeOf<PublicJwk>();
expectTypeOf<EcPoint>().toExtend<PublicJwk>();
expectTypeOf<Omit<EcPoint, "y">>().not.toExtend<PublicJwk>();
expectTypeOf<Omit<EcPoint, "crv"> & { readonly crv: "secp256k1" }>().not.toExtend<PublicJwk>();
expectTypeOf<{ readonly kty: "oct"; readonly k: string }>().not.toExtend<PublicJwk>();
expectTypeOf<{
  readonly kty: "RSA";
  readonly n: string;
  readonly e: string;
}>().toExtend<PublicJwk>();
expectTypeOf<string>().not.toExtend<PublicJwk>();
expectTypeOf<Promise<PublicJwk>>().not.toExtend<PublicJwk>();

// Labels are values of their own: a signer takes no label that it can't sign under.
expectTypeOf<"EdDSA">().toExtend<pkg.SigningLabel>();
expectTypeOf<"RS256">().not.toExtend<pkg.SigningLabel>();
expectTypeOf<PublicJwk>().not.toExtend<pkg.PrivateJwk>();
expectTypeOf<EcPoint & { readonly d: string }>().toExtend<pkg.PrivateJwk>();

// The roles: a part that answers later is not assignable where an answer is needed at once.
expectTypeOf<pkg.AsyncVerifier>().not.toExtend<pkg.Verifier>();
interface Tokens {
  readonly accessTokens: pkg.ResourceServerOptions["accessTokens"];
}
interface LaterTokens {
  readonly accessTokens: pkg.AsyncResourceServerOptions["accessTokens"];
}
interface OverVerifier {
  readonly verifier: pkg.Verifier;
}
interface OverAsyncVerifier {
  readonly verifier: pkg.AsyncVerifier;
}
expectTypeOf<OverVerifier & Tokens>().toExtend<pkg.ResourceServerOptions>();
expectTypeOf<OverVerifier & LaterTokens>().not.toExtend<pkg.ResourceServerOptions>();
expectTypeOf<OverAsyncVerifier & Tokens>().not.toExtend<pkg.ResourceServerOptions>();
expectTypeOf<OverAsyncVerifier & Tokens>().toExtend<pkg.AsyncResourceServerOptions>();
expectTypeOf<OverAsyncVerifier & LaterTokens>().toExtend<pkg.AsyncResourceServerOptions>();
// What checks the access tokens can't be forgotten.
expectTypeOf<OverVerifier>().not.toExtend<pkg.ResourceServerOptions>();
expectTypeOf<OverAsyncVerifier>().not.toExtend<pkg.AsyncResourceServerOptions>();
expectTypeOf<{
  readonly verifier: pkg.AsyncVerifier;
}>().not.toExtend<pkg.AuthorizationServerOptions>();
expectTypeOf<{
  readonly verifier: pkg.AsyncVerifier;
}>().toExtend<pkg.AsyncAuthorizationServerOptions>();
expectTypeOf<(token: string) => null>().toExtend<pkg.ResourceServerOptions["accessTokens"]>();
expectTypeOf<(token: string) => Promise<null>>().not.toExtend<
  pkg.ResourceServerOptions["accessTokens"]
>();
expectTypeOf<(token: string) => Promise<null>>().toExtend<
  pkg.AsyncResourceServerOptions["accessTokens"]
>();
expectTypeOf<() => pkg.Binding>().not.toExtend<pkg.AsyncResourceServerOptions["accessTokens"]>();
expectTypeOf<() => undefined>().not.toExtend<pkg.AsyncResourceServerOptions["accessTokens"]>();
expectTypeOf<{ readonly claims: { readonly sub: "a" } }>().not.toExtend<pkg.AccessToken>();
// The claims keep the caller's type.
declare const verifier: pkg.AsyncVerifier;
const typedApi = pkg.createAsyncResourceServer({
  verifier,
  accessTokens: async () => ({ binding: { unbound: true }, claims: { user: 7 } }),
});
type TypedAccess = Awaited<ReturnType<typeof typedApi.authenticate>>;
expectTypeOf<Extract<TypedAccess, { ok: true }>["token"]>().toEqualTypeOf<{ user: number }>();
expectTypeOf<() => Promise<string>>().not.toExtend<pkg.ProofRequest["jkt"]>();
expectTypeOf<() => Promise<string>>().toExtend<pkg.AsyncProofRequest["jkt"]>();
// A look-up refuses with null; a failure of its own is not a result that it can give.
expectTypeOf<() => null>().toExtend<pkg.ProofRequest["jkt"]>();
expectTypeOf<() => Failure>().not.toExtend<pkg.ProofRequest["jkt"]>();
// Granted tokens are narrowed by their type.
type Granted<T> = Extract<pkg.TokenGranted, { readonly tokenType: T }>;
expectTypeOf<Granted<"DPoP">["cnf"]>().toEqualTypeOf<{ readonly jkt: string }>();
expectTypeOf<Granted<"Bearer">["cnf"]>().toEqualTypeOf<undefined>();
expectTypeOf<{ readonly signer: AsyncSigner }>().not.toExtend<pkg.ClientSessionOptions>();
expectTypeOf<{ readonly signer: AsyncSigner }>().toExtend<pkg.AsyncClientSessionOptions>();

// What can't be left out: the client's type and metadata, the header fields.
type Without<T, K extends keyof T> = Omit<T, K>;
expectTypeOf<Without<pkg.ResourceRequest, "proof">>().not.toExtend<pkg.ResourceRequest>();
expectTypeOf<Without<pkg.ResourceRequest, "authorization">>().not.toExtend<pkg.ResourceRequest>();
expectTypeOf<Without<pkg.ResourceRequest, "now">>().toExtend<pkg.ResourceRequest>();
expectTypeOf<Without<pkg.TokenRequest, "clientType">>().not.toExtend<pkg.TokenRequest>();
expectTypeOf<Without<pkg.TokenRequest, "boundAccessTokens">>().not.toExtend<pkg.TokenRequest>();
expectTypeOf<Without<pkg.TokenRequest, "grant">>().not.toExtend<pkg.TokenRequest>();
expectTypeOf<Without<pkg.AsyncTokenRequest, "grant">>().not.toExtend<pkg.AsyncTokenRequest>();
expectTypeOf<Without<pkg.TokenRequest, "requiredJkt">>().toExtend<pkg.TokenRequest>();
expectTypeOf<Without<pkg.PushedRequest, "dpopJkt">>().not.toExtend<pkg.PushedRequest>();

// Nor can the key of a code or a refresh token: a thief of one would get tokens for it.
expectTypeOf<{ readonly type: "authorization_code" }>().not.toExtend<pkg.Grant>();
expectTypeOf<{ readonly type: "refresh_token" }>().not.toExtend<pkg.Grant>();
expectTypeOf<{ readonly type: string }>().not.toExtend<pkg.Grant>();
expectTypeOf<{ type: "refresh_token"; jkt: string | undefined }>().toExtend<pkg.Grant>();
expectTypeOf<{ type: "refresh_token"; jkt: null }>().not.toExtend<pkg.Grant>();
expectTypeOf<{ type: "client_credentials" }>().toExtend<pkg.Grant>();
expectTypeOf<{ type: "urn:ietf:params:oauth:grant-type:device_code" }>().toExtend<pkg.Grant>();
expectTypeOf<{ type: "client_credentials"; jkt: string }>().not.toExtend<pkg.Grant>();
expectTypeOf<() => pkg.Grant | null>().toExtend<pkg.TokenRequest["grant"]>();
expectTypeOf<() => Promise<pkg.Grant>>().not.toExtend<pkg.TokenRequest["grant"]>();
expectTypeOf<() => Promise<pkg.Grant | null>>().toExtend<pkg.AsyncTokenRequest["grant"]>();

// A binding has one form.
expectTypeOf<{ readonly jkt: string }>().toExtend<pkg.Binding>();
expectTypeOf<{ readonly unbound: false }>().not.toExtend<pkg.Binding>();
expectTypeOf<Record<never, never>>().not.toExtend<pkg.Binding>();

// Results narrow: access by its scheme, a refusal to what must be answered.
type Access = Extract<pkg.AccessResult, { ok: true }>;
expectTypeOf<Extract<Access, { scheme: "DPoP" }>["jkt"]>().toEqualTypeOf<string>();
expectTypeOf<Extract<Access, { scheme: "Bearer" }>["jkt"]>().toEqualTypeOf<undefined>();
expectTypeOf<Extract<pkg.TokenResult, { ok: false }>["status"]>().toEqualTypeOf<400 | 503>();
expectTypeOf<pkg.AccessRefusal["status"]>().toEqualTypeOf<400 | 401 | 403 | 503>();
expectTypeOf<Extract<pkg.AccessResult, { ok: false }>["failure"]>().toEqualTypeOf<Failure>();

// fetch keeps its type; the platform's is the default.
declare const session: pkg.ClientSession;
expectTypeOf(pkg.createDpopFetch({ session })).toExtend<typeof fetch>();
expectTypeOf(pkg.createDpopFetch({ session, fetch })).toExtend<typeof fetch>();
declare const ownFetch: (url: string, init?: { method?: string }) => Promise<pkg.ResponseLike>;
expectTypeOf(pkg.createDpopFetch({ session, fetch: ownFetch })).toEqualTypeOf<typeof ownFetch>();

// A look-up may answer later where the verifier may, in both entries.
expectTypeOf<Argument<typeof pkg.verifyProofAsync, 1>>().toEqualTypeOf<pkg.AsyncProofRequest>();
expectTypeOf<Argument<typeof core.verifyProofAsync, 1>>().toEqualTypeOf<pkg.AsyncProofRequest>();

// The claims of a token, not what promises or holds them.
type Claims = Argument<typeof pkg.bindingFromClaims>;
interface OwnClaims {
  readonly sub: string;
  readonly cnf?: { readonly jkt: string };
}
expectTypeOf<OwnClaims>().toExtend<Claims>();
expectTypeOf<JWTPayload>().toExtend<Claims>();
expectTypeOf<Promise<JWTPayload>>().not.toExtend<Claims>();
expectTypeOf<Response>().not.toExtend<Claims>();
expectTypeOf<Map<string, unknown>>().not.toExtend<Claims>();
