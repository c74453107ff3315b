// Requests of the greenhouse page.

import { requestSites } from "../api/registry";
import { ApiError, request, requestAll } from "../api/request";
import type { View } from "../app/view";
import type { GreenhouseItem, Overview } from "./records";

const TIMEOUT_MS = 120_000;

/** Ask for what the page of a greenhouse displays. */
export async function requestOverview(
  greenhouse: GreenhouseItem,
  query: { start: number; end: number; width: number; zone: string | null },
  signal: AbortSignal,
): Promise<Overview> {
  return request<Overview>(`/v1/greenhouses/${encodeURIComponent(greenhouse.id)}/overview`, { signal, timeoutMs: TIMEOUT_MS, query });
}

interface Registered {
  id: string;
  name: string;
  site: string;
  active?: boolean;
}

/** Return the registered greenhouses, and the devices that belong to none. */
export async function listGreenhouses(view: View): Promise<GreenhouseItem[]> {
  let registered: Registered[] = [];
  const closed = new Set<string>();
  try {
    const asked = [requestAll<Registered>("/v1/greenhouses", { signal: view.signal }), requestSites()] as const;
    const [houses, sites] = await Promise.all(asked);
    registered = houses;
    for (const site of sites) if (site.active === false) closed.add(site.id);
  } catch (error) {
    // A server without a registry lists the devices alone.
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
  }
  const devices = [...view.farm.devices.values()].filter((device) => device.kind === "greenhouse");
  const items = registered.map(({ id, name, site, active }): GreenhouseItem => {
    const isInUse = active !== false && !closed.has(site);
    return { id, name, registered: true, active: isInUse };
  });
  const known = new Set(items.map(({ id }) => id));
  const others = devices.filter(({ greenhouse }) => !greenhouse || !known.has(greenhouse));
  return [
    ...items,
    ...others.map((device): GreenhouseItem => ({ id: device.id, name: device.name || device.id, registered: false, active: true })),
  ];
}
