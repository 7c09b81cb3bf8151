// One of the processes that do the rounds: asked by message, answers by message.
import { FAST, NOBLE, NODE } from "../support/implementations.js";
import { serve } from "./jobs.js";

serve({ fast: FAST, noble: NOBLE, node: NODE });
