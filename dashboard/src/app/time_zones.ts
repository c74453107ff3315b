// The time zone of the farm's sites.

import { requestSites } from "../api/registry";
import { ApiError } from "../api/request";
import { setTimeZone } from "../i18n/instants";

/** Set the page's time zone by the registry's sites where they agree; else times are in the browser's. */
export async function loadTimeZone(): Promise<void> {
  try {
    const names = new Set((await requestSites()).map((site) => site.time_zone));
    setTimeZone(names.size === 1 ? ([...names][0] ?? null) : null);
  } catch (error) {
    // A server without a registry has no sites.
    if (!(error instanceof ApiError) || error.status === 401 || error.status === 0) throw error;
    setTimeZone(null);
  }
}
