// Who made a record: the name that a person gave last on this device, and names of API keys, which administrators alone may ask for.

import { nameKeys } from "../i18n/translate";
import { may } from "./may";
import { askList } from "./query";
import { currentSession } from "./session";

/** Ask for the names of keys, so that `authorText` has them. A failure leaves what the API calls them. */
export async function askKeyNames(): Promise<void> {
  if (currentSession() === null || !may("get", "/v1/keys")) return;
  nameKeys(await askList("/v1/keys").catch(() => []));
}

const AUTHOR = "headland-note-author";

/** Return the name that a person gave last on this device; empty at first. */
export function knownAuthor(): string {
  return localStorage.getItem(AUTHOR) ?? "";
}

export function keepAuthor(name: string): void {
  localStorage.setItem(AUTHOR, name);
}
