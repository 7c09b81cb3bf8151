// Where the engines find things, and how long they may take.
import { fileURLToPath } from "node:url";

/** What build.ts makes: the published files, and the suite in its forms. */
export const DIST: string = fileURLToPath(new URL("../dist/", import.meta.url));

/** Where the nested package has its dependencies. */
export const MODULES: string = fileURLToPath(new URL("../node_modules/", import.meta.url));

/** For an engine to run the whole suite, in milliseconds: far more than the slowest takes. */
export const RUN_LIMIT: number = 240_000;
