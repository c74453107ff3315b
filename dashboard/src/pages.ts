// Every page by its name in the address. A page that is not `ready` is not in the menu.

import type { Mount } from "./view";
import type { Word } from "./words";

export interface PageEntry {
  name: string;
  title: Word;
  ready: boolean;
  load: () => Promise<{ mount: Mount }>;
}

export const PAGES: readonly PageEntry[] = [
  { name: "farm", title: "page_farm", ready: true, load: () => import("./pages/farm") },
  { name: "field", title: "page_field", ready: true, load: () => import("./pages/field") },
  { name: "greenhouse", title: "page_greenhouse", ready: true, load: () => import("./pages/greenhouse") },
  { name: "alarms", title: "page_alarms", ready: true, load: () => import("./pages/alarms") },
  { name: "health", title: "page_health", ready: true, load: () => import("./pages/health") },
  { name: "settings", title: "page_settings", ready: true, load: () => import("./pages/settings") },
];

export const FIRST_PAGE = "farm";
