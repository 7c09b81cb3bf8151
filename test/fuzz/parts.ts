// The parts of the run, in the order of the report.
import { ed25519HashCurve, p256HashCurve, RAW } from "./chosen-hash.js";
import { differential } from "./differential.js";
import { ed25519Curve } from "./ed25519.js";
import { p256Curve } from "./p256.js";
import type { Part } from "./part.js";
import { proofs } from "./proofs.js";

export const PARTS: readonly Part[] = [
  differential(p256Curve),
  differential(ed25519Curve),
  differential(p256HashCurve, RAW),
  differential(ed25519HashCurve, RAW),
  proofs,
];
