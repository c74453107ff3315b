// The API's client, typed by the API's own description: `npm run api` makes schema.d.ts anew.

import createClient, { type Client } from "openapi-fetch";
import { askResponse, type AskOptions } from "./request";
import type { paths } from "./schema";

export type * from "./schema";

/**
 * Asks as `askResponse` does: what goes wrong is thrown as an `AskError` with a sentence for a person.
 *
 *     const page = await got(api.GET("/v1/devices", { params: { query: { kind: "drone" } }, signal }));
 */
export const api: Client<paths, "application/json"> = createClient<paths, "application/json">({
  baseUrl: window.location.origin,
  fetch: async (request) => {
    const url = new URL(request.url);
    const options: AskOptions = {
      method: request.method as NonNullable<AskOptions["method"]>,
      headers: Object.fromEntries(request.headers),
      signal: request.signal,
    };
    if (request.body !== null) options.body = await request.text();
    return askResponse(url.pathname + url.search, options);
  },
});

/** Return what an answer of `api` holds. */
export async function got<Told>(answer: Promise<{ data?: Told }>): Promise<Told> {
  return (await answer).data as Told;
}

/** Return the items of all pages of a list, `most` at the most: `ask` is given the cursor of each page. */
export async function all<Item>(
  ask: (cursor: string | undefined) => Promise<{ data?: { items: Item[]; next: string | null } }>,
  most = 10_000,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page: { items: Item[]; next: string | null } = await got(ask(cursor));
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}

/** Return the query of a page: the first has no cursor. */
export function at(cursor: string | undefined): { cursor?: string } {
  return cursor === undefined ? {} : { cursor };
}
