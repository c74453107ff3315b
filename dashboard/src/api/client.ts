// Client of the API, typed by the API's own description: `npm run api` generates schema.d.ts.

import createClient, { type Client } from "openapi-fetch";
import { fetchWithin } from "./request";
import type { paths } from "./schema";

/** The JSON body of a GET route: types are named by routes, which are contract, not by schema names, which may change. */
export type Body<Path extends keyof paths> = paths[Path] extends {
  get: { responses: { 200: { content: { "application/json": infer Data } } } };
}
  ? Data
  : never;

/** An item of a GET route that answers a list. */
export type ListItem<Path extends keyof paths> = Body<Path> extends { items: (infer Item)[] } ? Item : never;

/**
 * Sends requests with `fetchWithin`: an error is thrown as `ApiError`.
 *
 *     const page = await dataOf(api.GET("/v1/devices", { params: { query: { kind: "drone" } }, signal }));
 */
export const api: Client<paths, "application/json"> = createClient<paths, "application/json">({
  baseUrl: window.location.origin,
  fetch: fetchWithin(),
});

/** Return the body of an answer of `api`. */
export async function dataOf<Data>(answer: Promise<{ data?: Data }>): Promise<Data> {
  return (await answer).data as Data;
}

/** Return the items of all pages of a list, at most about `maxItems`; `requestPage` receives each page's cursor. */
export async function listAll<Item>(
  requestPage: (cursor: string | undefined) => Promise<{ data?: { items: Item[]; next: string | null } }>,
  maxItems = 10_000,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page: { items: Item[]; next: string | null } = await dataOf(requestPage(cursor));
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < maxItems);
  return items;
}

/** Return the query parameter of a page; the first page has none. */
export function cursorQuery(cursor: string | undefined): { cursor?: string } {
  return cursor === undefined ? {} : { cursor };
}
