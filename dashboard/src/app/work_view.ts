// What the menu and the headings of pages are for: pages and tabs by the work of who looks, within what the session may do.
// What is not in a menu keeps its address: a link that leads there shows it.

import { currentSession } from "../api/session";
import { chosenView, type WorkView } from "../i18n/preferences";
import type { Tab, TabOfParts } from "../ui/tabs";
import { partsOf } from "../ui/tabs";

type Headings = readonly string[];
/** Pages of a view with their headings; a page without any has all. "one-field" is the page of a single field. */
type Pages = Readonly<Record<string, Headings>>;

const ALL: Headings = [];
/** Pages of every work. */
const FIRST: Pages = { today: ALL, farm: ALL };
/** Of the settings: this browser, and what is kept of who signed in. */
const OWN: Headings = ["browser", "data"];
const PAGES_OF: Readonly<Record<Exclude<WorkView, "administrator">, Pages>> = {
  grower: {
    ...FIRST,
    field: ["list"],
    "one-field": ["passes", "work", "sky"],
    greenhouse: ["forecast", "water"],
    alarms: ["active"],
    settings: OWN,
  },
  greenhouse: { ...FIRST, greenhouse: ALL, harvest: ALL, alarms: ALL, weather: ALL, settings: ["places", ...OWN] },
  agronomist: {
    ...FIRST,
    field: ALL,
    "one-field": ALL,
    greenhouse: ALL,
    weather: ALL,
    harvest: ALL,
    alarms: ["active"],
    settings: ["places", ...OWN],
  },
  pilot: {
    ...FIRST,
    field: ["list"],
    "one-field": ["passes", "plan", "sky"],
    weather: ALL,
    alarms: ["active"],
    health: ["import"],
    settings: OWN,
  },
  accountant: { ...FIRST, harvest: ALL, cooperative: ALL, settings: OWN },
  technician: { ...FIRST, health: ALL, alarms: ["active", "rules", "told"], settings: ALL },
};

/** Return the work for which the menu is: as chosen in this browser, else that of the person who signed in. */
export function currentView(): WorkView {
  const role = currentSession()?.role;
  return chosenView() ?? (role === "agronomist" || role === "pilot" ? role : "administrator");
}

/** Return whether a page is in the menu. The settings are in every one, where the work is chosen. */
export function isInMenu(page: string, view: WorkView = currentView()): boolean {
  return view === "administrator" || page in PAGES_OF[view];
}

/** Return the headings of a page for the work of who looks, and the one that was asked for. */
export function tabsInView<Shown extends Tab | TabOfParts>(page: string, tabs: readonly Shown[], open: string): Shown[] {
  const view = currentView();
  const named = view === "administrator" ? ALL : (PAGES_OF[view][page] ?? ALL);
  const isAsked = (tab: Shown): boolean => tab.id === open || partsOf(tab).some(({ id }) => id === open);
  return tabs.filter((tab) => named.length === 0 || named.includes(tab.id) || isAsked(tab));
}
