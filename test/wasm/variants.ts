// Which forms of the module this engine takes.
import { createEngine, type Engine, hasFused } from "../../src/wasm/engine.js";
import { platformWebAssembly, type WasmApi } from "../../src/wasm/platform.js";

export function platform(): WasmApi {
  const api = platformWebAssembly();
  if (api === undefined) throw new Error("these tests need WebAssembly");
  return api;
}

/** With plain arithmetic, and with fused arithmetic where this engine has it. */
export const VARIANTS: readonly ("plain" | "fused")[] = hasFused(platform())
  ? ["plain", "fused"]
  : ["plain"];

/** An instance of its own, with room for that many blocks of tables. */
export function newEngine(variant: "plain" | "fused" = "plain", mostBlocks = 8): Engine {
  return createEngine(platform(), variant === "fused", mostBlocks);
}
