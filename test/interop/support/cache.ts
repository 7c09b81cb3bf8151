// What peers got and made, kept in a folder outside of the repository, so that every clone has it.
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { withFolder } from "../../support/process.js";

/** What was kept under a name; null where there is nothing. */
export function cached(name: string): string | null {
  try {
    const folder = join(cacheFolder(), name);
    return existsSync(folder) ? folder : null;
  } catch {
    return null; // for whom there is no home, there is no cache
  }
}

/** The same, made where it is not there yet; another run at the same time never sees it half made. */
export async function kept(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  mkdirSync(cacheFolder(), { recursive: true });
  await withFolder(async (unfinished) => {
    await make(unfinished);
    try {
      renameSync(unfinished, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // or the other run was quicker
    }
  }, cacheFolder());
  return folder;
}

function cacheFolder(): string {
  const caches = process.env["XDG_CACHE_HOME"] ?? "";
  return join(caches === "" ? join(homedir(), ".cache") : caches, "dpop-core-interop");
}
