// Which page of the help is about where somebody stands: tests/help holds that each is there.

import { currentLanguage } from "../i18n/preferences";
import type { Route } from "./address";

/** The tasks of the help by page, and by the heading that is open in it. */
const TASKS: Readonly<Record<string, string>> = {
  today: "today",
  greenhouse: "house",
  field: "pass",
  "field/plan": "plan",
  weather: "weather",
  farm: "devices",
  harvest: "lot",
  "harvest/stock": "certificates",
  "harvest/lots": "certificates",
  "harvest/certificates": "certificates",
  alarms: "alarms",
  health: "gateway",
  "health/import": "import",
  cooperative: "account",
  settings: "settings",
  "settings/access": "gateway",
  "settings/gateways": "gateway",
};

/** Return the address of the help about a page, in the language of the reader; of all tasks where none is about it. */
export function hrefOfHelp({ page, parts, query }: Route): string {
  const tab = page === "harvest" && parts.length > 0 ? "lots" : query.get("tab");
  const task = TASKS[`${page}/${tab}`] ?? TASKS[page];
  return `/help/${currentLanguage() === "en" ? "" : "zh/"}tasks/${task === undefined ? "" : `${task}/`}`;
}
