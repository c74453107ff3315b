// Zones of a prescription while they are drawn.

import { geometryOf, partsOf, type Part, type Ring } from "./outline_model";
import type { FieldRecord } from "../api/registry";

export interface DrawnZone {
  parts: Part[];
  /** As entered, in the chosen area unit; empty where none is. */
  rate: string;
}

const MOST_GRID_CELLS = 60_000;
const LEAST_CELL_M = 0.5;
const METRES_DEG = 111_320;

/** Return the zone's rate per ha; null where no valid one is entered. */
export function rateHaOf({ rate }: DrawnZone, areaUnitsPerHa: number): number | null {
  const value = Number(rate.replace(",", "."));
  return rate.trim() === "" || !Number.isFinite(value) || value < 0 ? null : value * areaUnitsPerHa;
}

/** Return the size of the cells of a field's grid [m]: small beside a swath, and as many as every terminal takes. */
export function cellOf({ geometry }: FieldRecord): number {
  const corners = partsOf(geometry).flatMap(([outer = []]) => outer);
  const longitudes = corners.map(([longitude]) => longitude);
  const latitudes = corners.map(([, latitude]) => latitude);
  const [west, east] = [Math.min(...longitudes), Math.max(...longitudes)];
  const [south, north] = [Math.min(...latitudes), Math.max(...latitudes)];
  const boxM2 = (east - west) * Math.cos((south * Math.PI) / 180) * METRES_DEG * (north - south) * METRES_DEG;
  return Math.max(LEAST_CELL_M, Math.ceil(Math.sqrt(boxM2 / MOST_GRID_CELLS) / LEAST_CELL_M) * LEAST_CELL_M);
}

/** Return the order of a prescription by these zones; `rates` are per ha. */
export function orderOf(field: FieldRecord, zones: readonly DrawnZone[], rates: readonly number[]): Record<string, unknown> {
  return {
    field: field.id,
    name: field.name,
    zones: { by: "drawn", drawn: zones.map(({ parts }) => geometryOf(parts)) },
    rates_ha: rates,
    cell_m: cellOf(field),
  };
}

/** Return the zones with corners that were moved: `parts` are those of all zones, one after the other. */
export function withMoved(zones: readonly DrawnZone[], parts: readonly Part[]): DrawnZone[] {
  let at = 0;
  return zones.map((zone) => {
    const moved = parts.slice(at, at + zone.parts.length);
    at += zone.parts.length;
    return { ...zone, parts: moved };
  });
}

/** Return a place within a ring for its number: the middle of its longest stretch along a line through its middle. */
export function labelSpot(ring: Ring): [longitudeDeg: number, latitudeDeg: number] {
  const latitudes = ring.map(([, latitude]) => latitude);
  const middle = (Math.min(...latitudes) + Math.max(...latitudes)) / 2;
  const crossings = ring
    .flatMap(([x1, y1], index) => {
      const [x2, y2] = ring[(index + 1) % ring.length] ?? [x1, y1];
      return y1 > middle !== y2 > middle ? [x1 + ((middle - y1) / (y2 - y1)) * (x2 - x1)] : [];
    })
    .sort((a, b) => a - b);
  let best = [ring[0]?.[0] ?? 0, ring[0]?.[0] ?? 0];
  for (let index = 0; index + 1 < crossings.length; index += 2) {
    const [from = 0, to = 0] = [crossings[index], crossings[index + 1]];
    if (index === 0 || to - from > (best[1] ?? 0) - (best[0] ?? 0)) best = [from, to];
  }
  return [((best[0] ?? 0) + (best[1] ?? 0)) / 2, middle];
}
