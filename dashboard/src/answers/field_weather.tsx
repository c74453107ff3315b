// The weather of a field: whether its last hours suited the work, and a week of its site.

import "../i18n/answers";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { nowMs } from "../api/clock";
import { translate } from "../i18n/translate";
import "./answers.css";
import { WeatherPanel } from "./weather_panel";
import { WeatherWindow } from "./weather_window";

const DAYS = 7;
const HOUR_MS = 3_600_000;

export function FieldWeather({ field, site }: { field: string; site: string | null }): JSX.Element {
  // By whole hours: the same is asked again only when an hour has passed.
  const endMs = useMemo(() => Math.floor(nowMs() / HOUR_MS) * HOUR_MS, [field]);
  return (
    <div class="page">
      <WeatherWindow field={field} />
      <section class="card" data-panel="weather">
        <h2>{translate("answers_weather")}</h2>
        {site ? (
          <WeatherPanel site={site} startMs={endMs - DAYS * 24 * HOUR_MS} endMs={endMs} group="field-weather" />
        ) : (
          <p class="note">{translate("answers_weather_site")}</p>
        )}
      </section>
    </div>
  );
}
