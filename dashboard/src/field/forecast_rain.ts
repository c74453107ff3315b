// Rain that is forecast for a field's site, by local day: told apart from the balance, and never counted.

import { useApi } from "../api/query";
import type { Body } from "../api/client";
import { currentLanguage } from "../i18n/preferences";
import { daysOf } from "../weather/day_sums";
import { stepsOf, sumWithin } from "../weather/hour_columns";
import { rainUntilUnsaid } from "../weather/rain_by_day";

export type Forecast = Body<"/v1/sites/{site}/weather-forecast/hours">;

export interface ForecastRain {
  /** Whether it is known what is forecast, or that nothing is. */
  isKnown: boolean;
  /** Rain of today's rest and of the next days [mm]; null where no rain is forecast. */
  millimetres: number[] | null;
  forecast: Forecast | null;
  /** Why none is forecast. */
  text: string;
}

const EVERY_MS = 600_000;
const HOURS = 120;

export function useForecastRain(site: string | null): ForecastRain {
  const state = useApi(
    "/v1/sites/{site}/weather-forecast/hours",
    { path: { site: site ?? "" }, query: { hours: HOURS } },
    { everyMs: EVERY_MS, enabled: site !== null },
  );
  const { data, error } = state;
  if (data === undefined) return { isKnown: site === null || error !== null, millimetres: null, forecast: null, text: error ?? "" };
  const steps = stepsOf(data.hours, "rain_mm");
  const rain = rainUntilUnsaid(daysOf(data.hours), ({ startMs, endMs }) => sumWithin(steps, startMs, endMs));
  const text = currentLanguage() === "en" ? data.text : data.text_zh;
  return { isKnown: true, millimetres: rain.length === 0 ? null : rain.map((each) => Math.round(each * 100) / 100), forecast: data, text };
}
