// The plan of a greenhouse: what each actuator is to do, hour by hour, and the forecast that it rests on.

import type { Bilingual, HouseCurve, Strip } from "../today/records";

export interface PlanOrder extends Bilingual {
  from_ms: number;
  to_ms: number;
  /** open, close, on, off, apply, wait, give, withhold; hold where nothing is ordered. */
  order: string;
  reasons: readonly (Bilingual & { kind: string })[];
}

export interface Lane {
  actuator: string;
  orders: readonly PlanOrder[];
}

export interface Plan {
  now_ms: number;
  end_ms: number;
  time_zone: string;
  lanes: readonly Lane[];
  withheld: readonly Bilingual[];
  gain: Bilingual | null;
  cost: Bilingual | null;
  gives_up: Bilingual | null;
  strip: (Omit<Strip, "house"> & { house: PlanCurve | null }) | null;
  questions: readonly (Bilingual & { kind: string })[];
}

export type PlanCurve = HouseCurve & {
  air_low_degc?: readonly (number | null)[];
  air_high_degc?: readonly (number | null)[];
  cover_degc?: readonly (number | null)[] | null;
  targets?: readonly { from_ms: number; to_ms: number; low_degc: number; high_degc: number }[] | null;
};
