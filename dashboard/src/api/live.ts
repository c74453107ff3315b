// Stream of new values as they are committed. The browser reconnects by itself and resumes where it was.

import type { ListItem } from "./client";
import { urlOf } from "./request";

export type LatestItem = ListItem<"/v1/latest">;
export type LatestValue = LatestItem["channels"][string];

export type StreamState = "connecting" | "open" | "lost";

export interface StreamOptions {
  onItems: (items: LatestItem[]) => void;
  onState: (state: StreamState) => void;
}

const RETRY_MS = 30_000;
/** A person reads no faster, and a phone pays for each event. */
const EVERY_S = 1;

/** Receive values while the page is visible: a browser allows few connections to one host. Returns a function that stops. */
export function openStream(options: StreamOptions): () => void {
  let stream: EventSource | null = null;

  const open = (): void => {
    if (document.hidden || (stream !== null && stream.readyState !== EventSource.CLOSED)) return;
    stream?.close();
    stream = new EventSource(urlOf(`/v1/live?every_s=${EVERY_S}`));
    options.onState("connecting");
    stream.addEventListener("hello", () => options.onState("open"));
    stream.addEventListener("latest", (event) => {
      options.onItems((JSON.parse(event.data as string) as { items: LatestItem[] }).items);
    });
    stream.addEventListener("error", () => options.onState("lost"));
  };
  const close = (): void => {
    stream?.close();
    stream = null;
  };
  const followVisibility = (): void => (document.hidden ? close() : open());

  open();
  document.addEventListener("visibilitychange", followVisibility);
  // Where the browser has given up, for example because the server had no room for another stream.
  const retry = setInterval(open, RETRY_MS);
  return () => {
    clearInterval(retry);
    document.removeEventListener("visibilitychange", followVisibility);
    close();
  };
}
