// The answer that the page of today is drawn from.

import { currentLanguage } from "../i18n/preferences";

/** From and to, epoch ms. */
export type Span = readonly [number, number];

export interface Bilingual {
  text: string;
  text_zh: string;
}

export type StateName = "act" | "watch" | "calm" | "unknown" | "silent" | "flying" | "interrupted" | "recalled";

export interface HouseCurve {
  time_ms: readonly number[];
  air_degc: readonly (number | null)[];
  leaf_degc: readonly (number | null)[];
  dew_point_degc: readonly (number | null)[];
  leaf_estimated: boolean;
  limit: { value_degc: number; kind: string } | null;
  hazards: Hazards;
  avoided: Hazards;
  lowest: { time_ms: number; value_degc: number } | null;
}

export interface Hazards {
  wet: readonly Span[];
  frost: readonly Span[];
  heat: readonly Span[];
}

export interface FieldCurve {
  time_ms: readonly number[];
  wind_m_s: readonly (number | null)[];
  limit_m_s: number | null;
  rain_mm: readonly (number | null)[];
  fit: readonly Span[];
}

export interface Strip {
  start_ms: number;
  end_ms: number;
  house: HouseCurve | null;
  field: FieldCurve | null;
  night: readonly Span[];
  act: Span | null;
  label: string;
  label_zh: string;
}

export interface Subject {
  kind: "greenhouse" | "field";
  id: string;
}

export interface Action extends Bilingual {
  id: string;
  reason: string;
  reason_zh: string;
  href: { kind: string; id: string; part: string | null } | null;
}

export interface Confirmed extends Bilingual {
  id: string;
  time_ms: number;
  by: string;
}

export interface Row extends Subject {
  name: string;
  crop: string | null;
  simulated: boolean;
  state: StateName;
  current: { value: number; unit: string; channel: string; time_ms: number } | null;
  action: Action | null;
  quiet: Bilingual;
  questions: readonly (Bilingual & { kind: string })[];
  record: { right: number; n: number; least: number } | null;
  strip: Strip | null;
  confirmed: Confirmed | null;
}

export interface Weather {
  site: string;
  site_name: string;
  attribution: string;
  attribution_zh: string;
  error: Bilingual | null;
  record: Bilingual | null;
  night: readonly Span[];
  days: readonly { start_ms: number; high_degc: number | null; low_degc: number | null; rain_mm: number | null; wind_m_s: number | null }[];
  hours: readonly {
    time_ms: number;
    air_temperature_degc: number | null;
    low_degc: number | null;
    high_degc: number | null;
    rain_mm: number | null;
    wind_m_s: number | null;
  }[];
}

export interface Facts {
  duty: { names: readonly string[]; until_ms: number | null };
  reach: { people: number; tried_ms: number | null; state: "none" | "never_tried" | "tried" | "failed" };
  data: { complete: boolean; last_ms: number | null; missing: readonly { device: string; name: string; since_ms: number | null }[] };
}

export interface Today {
  now_ms: number;
  time_zone: string;
  farm: { name: string };
  simulated: boolean;
  sentence: Bilingual;
  first: Bilingual | null;
  making: { share: number; eta_ms: number | null } | null;
  weather: Weather | null;
  facts: Facts;
  rows: readonly Row[];
  done_today: readonly (Bilingual & { time_ms: number; by: string; row: string })[];
}

/** Return a text in the language of the page. */
export function textOf(each: Bilingual): string {
  return currentLanguage() === "en" ? each.text : each.text_zh;
}

/** Return the one of two texts that is in the language of the page. */
export function currentLanguageOf(english: string, chinese: string): string {
  return currentLanguage() === "en" ? english : chinese;
}
