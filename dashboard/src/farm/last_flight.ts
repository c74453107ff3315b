// The last flight of a vehicle, as its events or its positions tell it.

import { nowMs } from "../api/clock";
import type { FarmState } from "../api/farm_state";
import { errorText, request } from "../api/request";

/** How far back the last flight is sought, step by step. */
const SEARCHES_MS = [1_800_000, 7_200_000, 12 * 3_600_000];
/** Below this height above home a vehicle is on the ground. */
const GROUND_M = 0.5;
const HEIGHT = "relative_altitude_m";
const GAP_MS = 120_000;

interface EventItem {
  time_ms: number;
  kind: string;
  data: Record<string, unknown>;
}

// It is between the last two changes of the arming state; a flight that has not ended ends at the newest value. It is sought
// in the last half hour first: a list of events begins with the oldest, and one of a busy day does not reach its end.
export async function findLastFlight(farm: FarmState, device: string): Promise<[startMs: number, endMs: number] | null> {
  const path = `/v1/devices/${encodeURIComponent(device)}`;
  const lastMs = farm.devices.get(device)?.last_seen_ms ?? nowMs();
  const end = lastMs + 1;
  for (const searchMs of SEARCHES_MS) {
    const { items } = await request<{ items: EventItem[] }>(`${path}/events`, { query: { start: lastMs - searchMs, end, limit: 5000 } });
    const armedEvents = items.filter((event) => event.kind === "armed");
    const takeOff = armedEvents.findLastIndex((event) => event.data["armed"] === true);
    if (takeOff >= 0) return [(armedEvents[takeOff] as EventItem).time_ms, armedEvents[takeOff + 1]?.time_ms ?? end];
  }
  return findByPositions(path, lastMs, farm.value(device, HEIGHT) !== undefined);
}

// Without arming events: the last positions without a gap of two minutes, and without a time on the ground between them.
async function findByPositions(path: string, lastMs: number, hasHeight: boolean): Promise<[startMs: number, endMs: number] | null> {
  for (const searchMs of SEARCHES_MS) {
    try {
      const { time_ms: times, channels } = await request<{ time_ms: number[]; channels: Record<string, (number | null)[]> }>(
        `${path}/series`,
        {
          query: {
            channel: hasHeight ? ["latitude_deg", HEIGHT] : ["latitude_deg"],
            start: lastMs - searchMs,
            end: lastMs + 1,
            max_points: 1440,
          },
        },
      );
      if (times.length === 0) continue;
      const isDown = (at: number): boolean => (channels[HEIGHT]?.[at] ?? GROUND_M + 1) <= GROUND_M;
      let last = times.length - 1;
      while (last > 0 && isDown(last)) last -= 1;
      let first = last;
      while (first > 0 && !isDown(first - 1) && (times[first] as number) - (times[first - 1] as number) < GAP_MS) first -= 1;
      // One that reaches back to where the search began may have begun before it.
      if (first > 0 || searchMs === SEARCHES_MS.at(-1)) return [times[first] as number, (times[last] as number) + 1];
    } catch (error) {
      if (errorText(error) === null) throw error;
      return null;
    }
  }
  return null;
}
