// Who made a record: the name that a person gave last on this device, and the names behind keys and logins.

import { nameAuthors, onUnknownAuthor } from "../i18n/translate";
import { may } from "./may";
import { request } from "./request";

const PATH = "/v1/authors";
/** Authors of one question. */
const MOST = 100;
let wanted = new Set<string>();

/** Ask for the names of authors, so that `authorText` has them. A failure leaves what the API calls them. */
export async function askAuthors(authors: Iterable<string>): Promise<void> {
  const asked = [...new Set(authors)].filter(Boolean);
  if (!may("get", PATH)) return;
  for (let start = 0; start < asked.length; start += MOST) {
    const some = asked.slice(start, start + MOST);
    const query = new URLSearchParams(some.map((by) => ["author", by]));
    const { items } = await request<{ items: { by: string; name: string }[] }>(`${PATH}?${query}`).catch(() => ({ items: [] }));
    nameAuthors([...some.map((by) => [by, null] as const), ...items.map(({ by, name }) => [by, name] as const)]);
  }
}

// All that a page displays at once are asked for at once.
onUnknownAuthor((by) => {
  if (wanted.size === 0)
    queueMicrotask(() => {
      const asked = wanted;
      wanted = new Set();
      void askAuthors(asked);
    });
  wanted.add(by);
});

const AUTHOR = "headland-note-author";

/** Return the name that a person gave last on this device; empty at first. */
export function knownAuthor(): string {
  return localStorage.getItem(AUTHOR) ?? "";
}

export function keepAuthor(name: string): void {
  localStorage.setItem(AUTHOR, name);
}
