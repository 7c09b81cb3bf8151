// One of the processes that do the rounds: asked by message, answers by message.
import { fast } from "dpop-core/fast";
import { nodeCrypto } from "dpop-core/node-crypto";
import { noble } from "dpop-core";
import { serve } from "./jobs.js";

serve({ fast, noble, node: nodeCrypto });
