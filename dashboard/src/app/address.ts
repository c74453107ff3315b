// Addresses of pages: `#/field/ID?from=…`. A hash needs no support by the server and works behind any proxy.

export interface Route {
  page: string;
  /** Path segments after the page: `#/field/ID` has ["ID"]. */
  parts: string[];
  query: URLSearchParams;
}

const FIRST_PAGE = "farm";

export function currentRoute(): Route {
  const [path = "", search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...parts] = path.split("/").map(decodeURIComponent);
  return { page: page || FIRST_PAGE, parts: parts.filter(Boolean), query: new URLSearchParams(search) };
}

/** Return the address of a page. */
export function hrefOf(page: string, parts: readonly string[] = [], query: Record<string, string> = {}): string {
  const search = new URLSearchParams(query);
  const path = [page, ...parts].map(encodeURIComponent).join("/");
  return `#/${path}${search.size ? `?${search}` : ""}`;
}

/** Set a query parameter in the address bar without loading the page again; null removes it. */
export function setQueryParameter(name: string, value: string | null): void {
  const { page, parts, query } = currentRoute();
  if (value === null) query.delete(name);
  else query.set(name, value);
  history.replaceState(null, "", hrefOf(page, parts, Object.fromEntries(query)));
}
