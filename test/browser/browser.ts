// What every browser is to the cases: tabs that share a profile and run scripts.

/** A browser, and how it is found and started. */
export interface BrowserKind {
  /** What `npm run test:browser <id>` names. */
  readonly id: string;
  readonly name: string;
  /** Packages to apt-get install where `find` finds nothing. */
  readonly debian?: readonly string[] | undefined;
  /** Only the cases for private windows are run. */
  readonly isPrivate: boolean;
  /** The version, or null where it is not on this machine. */
  find(): Promise<string | null>;
  /** Starts it with a profile that has nothing in it, and ends it when `use` is done. */
  with(use: (browser: Browser) => Promise<void>): Promise<void>;
}

/** A browser that runs. */
export interface Browser {
  /** Opens a tab, of the one profile, and waits till the page is loaded. */
  open(url: string): Promise<Tab>;
}

/** A tab. Its commands may run at the same time as those of others. */
export interface Tab {
  goto(url: string): Promise<void>;
  /**
   * Runs the body of an async function in the page, and resolves to what it returns, by JSON. Rejects with what it
   * throws.
   */
  run(body: string): Promise<unknown>;
  /** Begins a script that leaves the page: no one waits for its end. */
  begin(script: string): Promise<void>;
  url(): Promise<string>;
  /** What it has asked for since it was opened, where the driver tells it. */
  requested?(): readonly string[];
  /** Ends the tab at once. */
  kill(): Promise<void>;
}

/** The body as an expression. */
export function called(body: string): string {
  return `(async () => {\n${body}\n})()`;
}

/** The script as one that runs when the command is over. */
export function begun(script: string): string {
  return `setTimeout(() => {\n${script}\n}, 0); null;`;
}
