// One of the processes that do the rounds: jobs and tallies go by message.
import { FAST, NOBLE, NODE } from "../support/implementations.js";
import { serve } from "./jobs.js";

serve({ fast: FAST, noble: NOBLE, node: NODE });
