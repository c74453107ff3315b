// Where vehicles have been: seeded from the store, then drawn on by the stream.

import type { Farm } from "../api/farm_state";
import { ask } from "../api/request";
import type { GroundFeatures } from "./map";

const TRAIL_MS = 15 * 60_000;
const MOST_POINTS = 1500;
/** A silence of this length is no way that was flown. */
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
  readonly #farm: Farm;
  readonly #fixes = new Map<string, Fix[]>();

  constructor(farm: Farm) {
    this.#farm = farm;
  }

  /** Return where a vehicle was last, by position values that belong together; null before any. */
  last(device: string): Fix | null {
    const [latitude, longitude] = [this.#farm.value(device, "latitude_deg"), this.#farm.value(device, "longitude_deg")];
    if (!latitude || !longitude || latitude.quality > 2 || longitude.quality > 2) return null;
    return { timeMs: Math.min(latitude.time_ms, longitude.time_ms), longitudeDeg: longitude.value, latitudeDeg: latitude.value };
  }

  async seed(device: string, signal: AbortSignal): Promise<void> {
    const last = this.last(device);
    if (last === null || this.#fixes.has(device)) return;
    this.#fixes.set(device, []);
    const series = await ask<TrackSeries>(`/v1/devices/${encodeURIComponent(device)}/series`, {
      signal, query: { channel: ["latitude_deg", "longitude_deg"], start: last.timeMs - TRAIL_MS, end: last.timeMs + 1, max_points: 900 },
    });
    this.#fixes.set(device, [...fixesOf(series), ...(this.#fixes.get(device) ?? [])]);
  }

  follow(device: string): void {
    const last = this.last(device);
    const fixes = this.#fixes.get(device);
    if (last === null || fixes === undefined) return;
    const before = fixes.at(-1);
    if (before && before.timeMs >= last.timeMs) return;
    fixes.push(last);
    const keepFrom = fixes.findIndex((fix) => fix.timeMs >= last.timeMs - TRAIL_MS);
    const cut = Math.max(keepFrom, fixes.length - MOST_POINTS);
    if (cut > 0) fixes.splice(0, cut);
  }

  features(): GroundFeatures {
    return {
      type: "FeatureCollection",
      features: [...this.#fixes].map(([device, fixes]) => ({
        type: "Feature", properties: { device }, geometry: { type: "MultiLineString", coordinates: partsOf(fixes, GAP_MS) },
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

/** Return lines that break where nothing was heard for `gapMs`. */
export function partsOf(fixes: readonly Fix[], gapMs: number): [number, number][][] {
  const parts: [number, number][][] = [];
  let before: Fix | null = null;
  for (const fix of fixes) {
    if (before === null || fix.timeMs - before.timeMs > gapMs) parts.push([]);
    parts.at(-1)?.push([fix.longitudeDeg, fix.latitudeDeg]);
    before = fix;
  }
  return parts.filter((part) => part.length > 1);
}
