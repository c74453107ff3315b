// Newest values as they are committed. A browser that loses the stream comes back by itself behind what it had.

import type { components } from "./client";
import { address } from "./request";

export type LatestValue = components["schemas"]["LatestValue"];
export type LatestItem = components["schemas"]["Latest"];

export type LiveState = "wait" | "open" | "lost";

export interface LiveOptions {
  devices?: string[];
  channels?: string[];
  onItems: (items: LatestItem[]) => void;
  onState?: (state: LiveState) => void;
  /** Something may have been left out; all newest values follow. */
  onGap?: (reason: string) => void;
}

const AGAIN_MS = 30_000;

/** Listen for as long as the page is looked at: a browser has few connections for one host. Returns how to stop. */
export function listen(options: LiveOptions): () => void {
  let stream: EventSource | null = null;
  const say = (state: LiveState): void => options.onState?.(state);

  const open = (): void => {
    if (document.hidden || (stream !== null && stream.readyState !== EventSource.CLOSED)) return;
    stream?.close();
    const made = new EventSource(address("/v1/live", { device: options.devices, channel: options.channels }));
    stream = made;
    say("wait");
    made.addEventListener("hello", () => say("open"));
    made.addEventListener("latest", (event) => {
      options.onItems((JSON.parse(event.data as string) as { items: LatestItem[] }).items);
    });
    made.addEventListener("gap", (event) => options.onGap?.((JSON.parse(event.data as string) as { reason: string }).reason));
    made.addEventListener("error", () => say("lost"));
  };
  const look = (): void => {
    if (document.hidden) {
      stream?.close();
      stream = null;
    } else open();
  };

  open();
  document.addEventListener("visibilitychange", look);
  // Where the browser has given up, as where there was no room for another stream.
  const again = setInterval(open, AGAIN_MS);
  return () => {
    clearInterval(again);
    document.removeEventListener("visibilitychange", look);
    stream?.close();
    stream = null;
  };
}
