// Names of API keys, by which records name who made them; administrators alone may ask for them.

import { nameKeys } from "../i18n/translate";
import { may } from "./may";
import { askList } from "./query";
import { currentSession } from "./session";

/** Ask for the names of keys, so that `authorText` has them. A failure leaves what the API calls them. */
export async function askKeyNames(): Promise<void> {
  if (currentSession() === null || !may("get", "/v1/keys")) return;
  nameKeys(await askList("/v1/keys").catch(() => []));
}
