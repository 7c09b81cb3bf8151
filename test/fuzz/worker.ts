// One of the processes that do the rounds: jobs and tallies go by message.
import { FAST, NOBLE, NODE, WASM } from "../support/implementations.js";
import { serve } from "./jobs.js";

serve({ fast: FAST, wasm: WASM, noble: NOBLE, node: NODE });
