// The pages of the dashboard, by their names in addresses.

import type { Mount } from "../app/view";
import type { TextKey } from "../i18n/translate";
import * as farm from "./farm";

export interface PageEntry {
  name: string;
  title: TextKey;
  /** `prepare` asks for what the page reads first. */
  load: () => Promise<{ mount: Mount; prepare?: () => void }>;
}

export const PAGES: readonly PageEntry[] = [
  // In the file that every page begins with: a file of its own would be asked for only once that one runs.
  { name: "farm", title: "page_farm", load: () => Promise.resolve(farm) },
  { name: "field", title: "page_field", load: () => import("./field") },
  { name: "greenhouse", title: "page_greenhouse", load: () => import("./greenhouse") },
  { name: "harvest", title: "page_harvest", load: () => import("./harvest") },
  { name: "alarms", title: "page_alarms", load: () => import("./alarms") },
  { name: "health", title: "page_health", load: () => import("./health") },
  { name: "cooperative", title: "page_cooperative", load: () => import("./cooperative") },
  { name: "settings", title: "page_settings", load: () => import("./settings") },
];

/** The pages of a session: a member of the cooperative has the cooperative's alone. */
export function pagesOf(role: string | null | undefined): readonly PageEntry[] {
  return role === "member" ? PAGES.filter(({ name }) => name === "cooperative") : PAGES;
}

export function findPage(name: string): PageEntry | undefined {
  return PAGES.find((page) => page.name === name);
}
