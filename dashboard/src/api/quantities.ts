// The station's catalogue of units, channels and indices.

import { setQuantities } from "../i18n/quantities";
import type { Body } from "./client";
import { request } from "./request";

/** Ask for the catalogue: numbers and names are formatted by it. The browser sends its ETag, and the service worker keeps it. */
export async function loadQuantities(): Promise<void> {
  setQuantities(await request<Body<"/v1/catalogue">>("/v1/catalogue"));
}
