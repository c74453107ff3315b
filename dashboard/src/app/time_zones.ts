// In which time zone the farm's sites lie.

import { askSites } from "../api/registry";
import { AskError } from "../api/request";
import { setSiteZone } from "../i18n/instants";

/** Learn the time zone from the registry's sites, where they agree; else times are those of this browser. */
export async function askZones(): Promise<void> {
  try {
    const zones = new Set((await askSites()).map((site) => site.time_zone));
    setSiteZone(zones.size === 1 ? ([...zones][0] ?? null) : null);
  } catch (error) {
    // A station without a registry has no sites.
    if (!(error instanceof AskError) || error.status === 401 || error.status === 0) throw error;
    setSiteZone(null);
  }
}
