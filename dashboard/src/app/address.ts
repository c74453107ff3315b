// Addresses of pages and of things: `#/field/ID?from=…`. A hash needs no support by the server and works behind any proxy.

import type { Device } from "../api/farm_state";

export interface Route {
  page: string;
  /** Path segments after the page: `#/field/ID` has ["ID"]. */
  parts: string[];
  query: URLSearchParams;
}

/** What has an address of its own. The id of a greenhouse is that of the registry, or of a device that is in no greenhouse of it. */
export type Thing =
  | { kind: "field"; id: string; tab?: string }
  | { kind: "pass"; id: string; field: string }
  | { kind: "rest"; pass: string; field: string }
  | { kind: "harvest"; field: string; startMs: number; endMs: number }
  | { kind: "weather"; site: string }
  | { kind: "greenhouse"; id: string; days?: number }
  | { kind: "lot"; id: string }
  | { kind: "certificate"; id: string; lot: string }
  | { kind: "device"; id: string }
  | { kind: "gateway"; id: string }
  | { kind: "alarm"; id: string }
  | { kind: "note"; id: string }
  | { kind: "person"; id: string };

const FIRST_PAGE = "today";

export function currentRoute(): Route {
  const [path = "", search = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...parts] = path.split("/").map(decoded);
  return { page: page || FIRST_PAGE, parts: parts.filter(Boolean), query: new URLSearchParams(search) };
}

/** Return the address of a page. */
export function hrefOf(page: string, query: Record<string, string> = {}): string {
  return address(page, [], query);
}

/** Return the address of a thing: the only place that makes one, so that every link leads where its text says. */
export function hrefOfThing(thing: Thing): string {
  switch (thing.kind) {
    case "field":
      return address("field", [thing.id], thing.tab === undefined ? {} : { tab: thing.tab });
    case "pass":
      return address("field", [thing.field], { pass: thing.id });
    case "rest":
      return address("field", [thing.field], { tab: "plan", rest: thing.pass });
    case "harvest":
      return address("field", [thing.field], { tab: "yield", harvest: `${thing.startMs}-${thing.endMs + 1}` });
    case "weather":
      return address("weather", [thing.site], {});
    case "greenhouse":
      return address("greenhouse", [thing.id], thing.days === undefined ? {} : { days: String(thing.days) });
    case "lot":
      return address("harvest", [thing.id], {});
    case "certificate":
      return address("harvest", [thing.lot], { certificate: thing.id });
    case "device":
      return address("farm", [], { device: thing.id });
    case "gateway":
      return address("health", [], { gateway: thing.id });
    case "alarm":
      return address("alarms", [], { alarm: thing.id });
    case "note":
      return address("farm", [], { note: thing.id });
    case "person":
      return address("cooperative", [thing.id], {});
  }
}

/** Return the address of what a device measures: its greenhouse, or itself. */
export function hrefOfDevice(id: string, device: Device | undefined): string {
  const house = device?.greenhouse ?? (device?.kind === "greenhouse" ? id : null);
  return hrefOfThing(house === null ? { kind: "device", id } : { kind: "greenhouse", id: house });
}

/** Set a query parameter in the address bar without loading the page again; null removes it. */
export function setQueryParameter(name: string, value: string | null): void {
  const { page, parts, query } = currentRoute();
  if (value === null) query.delete(name);
  else query.set(name, value);
  history.replaceState(null, "", address(page, parts, Object.fromEntries(query)));
}

function address(page: string, parts: readonly string[], query: Record<string, string>): string {
  const search = new URLSearchParams(query);
  const path = [page, ...parts].map(encodeURIComponent).join("/");
  return `#/${path}${search.size ? `?${search}` : ""}`;
}

/** Return a part of an address as text; one that was cut within a character as it is. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
