// Requests of the greenhouse page.

import { requestSites } from "../api/registry";
import { ApiError, request, requestAll } from "../api/request";
import type { View } from "../app/view";
import type { GreenhouseItem, GrowerNote, Overview } from "./records";

const TIMEOUT_MS = 120_000;

/** Ask for what the page of a greenhouse displays. */
export async function requestOverview(
  greenhouse: GreenhouseItem,
  query: { start: number; end: number; width: number; zone: string | null },
  signal: AbortSignal,
): Promise<Overview> {
  const path = (id: string): string => `/v1/greenhouses/${encodeURIComponent(id)}/overview`;
  try {
    return await request<Overview>(path(greenhouse.id), { signal, timeoutMs: TIMEOUT_MS, query });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404 || greenhouse.device === null) throw error;
  }
  // No device is assigned to the greenhouse's zones: the device of the same name is used, with the greenhouse's notes.
  const [overview, notes] = await Promise.all([
    request<Overview>(path(greenhouse.device), { signal, timeoutMs: TIMEOUT_MS, query: { ...query, zone: null } }),
    requestAll<GrowerNote>("/v1/notes", { signal, query: { greenhouse: greenhouse.id } }),
  ]);
  return {
    ...overview,
    grower_notes: notes.filter((note) => note.time_ms >= query.start && note.time_ms < query.end).sort((a, b) => a.time_ms - b.time_ms),
  };
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
  const deviceNamed = (name: string): string | null => devices.find((device) => device.id === name || device.name === name)?.id ?? null;
  const items = registered.map(({ id, name, site, active }): GreenhouseItem => {
    const isInUse = active !== false && !closed.has(site);
    return { id, name, registered: true, device: deviceNamed(name), active: isInUse };
  });
  const others = devices.filter((device) => !items.some((item) => item.device === device.id));
  return [
    ...items,
    ...others.map(
      (device): GreenhouseItem => ({ id: device.id, name: device.name || device.id, registered: false, device: null, active: true }),
    ),
  ];
}
