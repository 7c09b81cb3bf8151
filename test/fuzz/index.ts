// npm run test:fuzz -- [--count N] [--proofs N] [--curve NAME] [--seed TEXT] [--round N] [--processes N]
// Signatures that must be accepted and signatures that must be refused, by class: the fast backend
// cold and with each of its tables, the noble backend and node:crypto. --count is per curve.
// Default: a million. A tenth as many are over a hash of our choice (ES256-hash, Ed25519-hash).
// Then --proofs, 100,000, damaged proofs past verifiers of every backend with caches and without.
// --curve does one of the four only, --round one round of a seed, which is what a mismatch names.
// Exit code 1 where any result is not as it must be. Last lines: `test:fuzz: N signatures and proofs, M
// mismatches`, and `test:fuzz: N passed, N failed`, which counts classes.
import { fileURLToPath } from "node:url";
import { command } from "./command.js";

await command(process.argv.slice(2), fileURLToPath(new URL("worker.ts", import.meta.url)));
