// The other tabs of a session (BroadcastChannel of the HTML standard): what one learns, all are told.
import { type Channel, platform } from "./platform.js";

/** The way to the other tabs. */
export interface Tabs {
  /** Tells all other tabs; nothing happens where the platform has no channels. */
  tell(message: unknown): void;
  close(): void;
}

/**
 * Opens the channel of a name. While a page is in the browser's cache for going back, the channel is closed:
 * some browsers cache no page with an open one. `onReturn` is called when the page is shown again, since it has missed
 * what the others said.
 */
export function openTabs(
  name: string,
  onMessage: (message: unknown) => void,
  onReturn: () => void,
): Tabs {
  let channel = open();

  function open(): Channel | undefined {
    const { BroadcastChannel } = platform();
    if (BroadcastChannel === undefined) return undefined;
    const opened = new BroadcastChannel(name);
    opened.addEventListener("message", ({ data }) => onMessage(data));
    return opened;
  }

  function pause(): void {
    channel?.close();
    channel = undefined;
  }

  function resume({ persisted }: { readonly persisted?: boolean }): void {
    if (persisted !== true) return;
    channel ??= open();
    onReturn();
  }

  const { addEventListener, removeEventListener } = platform();
  addEventListener?.("pagehide", pause);
  addEventListener?.("pageshow", resume);
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel is of one origin
    tell: (message) => channel?.postMessage(message),
    close() {
      removeEventListener?.("pagehide", pause);
      removeEventListener?.("pageshow", resume);
      pause();
    },
  };
}
