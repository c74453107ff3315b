// Freshness of values: the station's verdict, carried on by the ages that it answered while the page is open.

import { nowMs } from "./clock";

export type Freshness = "current" | "late" | "silent";

/** The ages from which on a value is late and silent, as the station answers them with values and devices. */
export interface FreshnessLimits {
  late_after_s?: number | null;
  silent_after_s?: number | null;
}

/** Return the verdict on a value of an instant; without a value it is silent, without limits nothing says that it is not current. */
export function freshnessOf(limits: FreshnessLimits, timeMs: number | null | undefined, now = nowMs()): Freshness {
  if (timeMs == null) return "silent";
  const ageS = (now - timeMs) / 1000;
  if (ageS > (limits.silent_after_s ?? Infinity)) return "silent";
  return ageS > (limits.late_after_s ?? Infinity) ? "late" : "current";
}
