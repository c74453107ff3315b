// In which time zone the farm's sites lie.

import { ask, AskError } from "./api";
import { setSiteZone } from "./instants";

/** Learn the time zone from the registry's sites, where they agree; else times are those of this browser. */
export async function askZones(): Promise<void> {
  try {
    const { items } = await ask<{ items: { name: string; time_zone: string }[] }>("/v1/sites");
    const zones = new Set(items.map((site) => site.time_zone));
    setSiteZone(zones.size === 1 ? ([...zones][0] ?? null) : null);
  } catch (error) {
    if (!(error instanceof AskError) || error.status === 401) throw error;
    setSiteZone(null);
  }
}
