// Trails of vehicles: loaded from the store once, then extended by new values.

import type { FarmState } from "../api/farm_state";
import { request } from "../api/request";

const TRAIL_MS = 15 * 60_000;
const MAX_POINTS = 1500;
/** A longer time without a position breaks the trail. */
const GAP_MS = 30_000;

export interface Fix {
  timeMs: number;
  longitudeDeg: number;
  latitudeDeg: number;
}

export interface TrackSeries {
  time_ms: number[];
  channels: Record<string, (number | null)[]>;
}

export class Trails {
  readonly #farm: FarmState;
  readonly #fixes = new Map<string, Fix[]>();

  constructor(farm: FarmState) {
    this.#farm = farm;
  }

  /** Return a vehicle's newest position with usable quality; null where there is none. */
  last(device: string): Fix | null {
    const [latitude, longitude] = [this.#farm.value(device, "latitude_deg"), this.#farm.value(device, "longitude_deg")];
    if (!latitude || !longitude || latitude.quality > 2 || longitude.quality > 2) return null;
    return { timeMs: Math.min(latitude.time_ms, longitude.time_ms), longitudeDeg: longitude.value, latitudeDeg: latitude.value };
  }

  /** Load the stored part of a vehicle's trail, once. */
  async load(device: string, signal: AbortSignal): Promise<void> {
    const last = this.last(device);
    if (last === null || this.#fixes.has(device)) return;
    this.#fixes.set(device, []);
    const series = await request<TrackSeries>(`/v1/devices/${encodeURIComponent(device)}/series`, {
      signal,
      query: { channel: ["latitude_deg", "longitude_deg"], start: last.timeMs - TRAIL_MS, end: last.timeMs + 1, max_points: 900 },
    });
    this.#fixes.set(device, [...fixesOf(series), ...(this.#fixes.get(device) ?? [])]);
  }

  /** Append a vehicle's newest position. */
  extend(device: string): void {
    const last = this.last(device);
    const fixes = this.#fixes.get(device);
    if (last === null || fixes === undefined) return;
    const previous = fixes.at(-1);
    if (previous && previous.timeMs >= last.timeMs) return;
    fixes.push(last);
    const firstRecent = fixes.findIndex((fix) => fix.timeMs >= last.timeMs - TRAIL_MS);
    const cut = Math.max(firstRecent, fixes.length - MAX_POINTS);
    if (cut > 0) fixes.splice(0, cut);
  }

  features(): GeoJSON.FeatureCollection {
    return {
      type: "FeatureCollection",
      features: [...this.#fixes].map(([device, fixes]) => ({
        type: "Feature",
        properties: { device },
        geometry: { type: "MultiLineString", coordinates: splitAtGaps(fixes, GAP_MS) },
      })),
    };
  }
}

export function fixesOf(series: TrackSeries): Fix[] {
  const { latitude_deg: latitudes, longitude_deg: longitudes } = series.channels;
  return series.time_ms.flatMap((timeMs, index) => {
    const [latitudeDeg, longitudeDeg] = [latitudes?.[index] ?? null, longitudes?.[index] ?? null];
    return latitudeDeg === null || longitudeDeg === null ? [] : [{ timeMs, longitudeDeg, latitudeDeg }];
  });
}

/** Return lines through the positions, broken where there is none for `gapMs`. */
export function splitAtGaps(fixes: readonly Fix[], gapMs: number): [number, number][][] {
  const lines: [number, number][][] = [];
  let previous: Fix | null = null;
  for (const fix of fixes) {
    if (previous === null || fix.timeMs - previous.timeMs > gapMs) lines.push([]);
    lines.at(-1)?.push([fix.longitudeDeg, fix.latitudeDeg]);
    previous = fix;
  }
  return lines.filter((line) => line.length > 1);
}
