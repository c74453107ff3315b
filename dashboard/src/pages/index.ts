// The pages of the dashboard, by their names in addresses.

import { may } from "../api/may";
import type { PathOf } from "../api/query";
import type { Mount } from "../app/view";
import { isInMenu } from "../app/work_view";
import type { TextKey } from "../i18n/translate";
import * as today from "./today";

export interface PageEntry {
  name: string;
  title: TextKey;
  /** What the page asks for first: it is not there for whom that is refused. */
  asks: PathOf<"get">;
  /** `prepare` asks for what the page reads first. */
  load: () => Promise<{ mount: Mount; prepare?: () => void }>;
}

export const PAGES: readonly PageEntry[] = [
  // In the file that every page begins with: a file of its own would be asked for only once that one runs.
  { name: "today", title: "page_today", asks: "/v1/today", load: () => Promise.resolve(today) },
  { name: "greenhouse", title: "page_greenhouse", asks: "/v1/greenhouses", load: () => import("./greenhouse") },
  { name: "field", title: "page_field", asks: "/v1/prescriptions", load: () => import("./field") },
  { name: "weather", title: "page_weather", asks: "/v1/sites/{site}/weather-forecast/hours", load: () => import("./weather") },
  { name: "farm", title: "page_farm", asks: "/v1/latest", load: () => import("./farm") },
  { name: "harvest", title: "page_harvest", asks: "/v1/lots", load: () => import("./harvest") },
  { name: "alarms", title: "page_alarms", asks: "/v1/alarms", load: () => import("./alarms") },
  { name: "health", title: "page_health", asks: "/v1/gateways", load: () => import("./health") },
  { name: "cooperative", title: "page_cooperative", asks: "/v1/statements", load: () => import("./cooperative") },
  { name: "settings", title: "page_settings", asks: "/v1/sites", load: () => import("./settings") },
];

/** The pages of a session: those whose first question is permitted. */
export function pagesOf(): readonly PageEntry[] {
  return PAGES.filter(({ asks }) => may("get", asks));
}

/** The pages in the menu: of those the ones for the work of who looks. */
export function menuOf(): readonly PageEntry[] {
  return pagesOf().filter(({ name }) => isInMenu(name));
}

export function findPage(name: string): PageEntry | undefined {
  return PAGES.find((page) => page.name === name);
}
