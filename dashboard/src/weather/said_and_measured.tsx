// What was said at a time before, and what the site's own station measured since, in one chart.

import "../i18n/weather";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { ChartPanel, type Drawing } from "../answers/chart_panel";
import type { Body } from "../api/client";
import { nowMs } from "../api/clock";
import { useApi } from "../api/query";
import { useChoice } from "../app/mount";
import type { Line } from "../components/chart";
import { instantOf, localInput } from "../i18n/instants";
import { unitOfName } from "../i18n/quantities";
import { channelName, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { Loaded } from "../ui/loaded";
import { useUniqueId } from "../ui/unique_id";
import { ForecastSource } from "./forecast_source";
import { columnAt, columnsOf, joinTimes, stepsOf } from "./hour_columns";
import type { Forecast, ValueName } from "./next_hours";

type Measured = Body<"/v1/sites/{site}/weather">;

const HOUR_MS = 3_600_000;
const USUAL_BEFORE_H = 24;
const BEFORE_H = [6, 12, 24, 48] as const;
const HOURS = 72;
const TIMEOUT_MS = 120_000;
const RAIN = "rain_mm";

export function SaidAndMeasured({ site }: { site: string }): JSX.Element {
  const [chosen, chooseAt] = useChoice("at");
  const hourMs = useMemo(() => Math.floor(nowMs() / HOUR_MS) * HOUR_MS, []);
  const given = chosen === "" ? null : Number(chosen);
  const isWrong = given !== null && !(given > 0 && given <= nowMs());
  const atMs = given === null || isWrong ? hourMs - USUAL_BEFORE_H * HOUR_MS : given;
  return (
    <section class="card" data-panel="said-and-measured">
      <h2>{translate("weather_said")}</h2>
      <p class="note">{translate("weather_said_about")}</p>
      <AtChoice atMs={atMs} hourMs={hourMs} choose={(at) => chooseAt(String(at))} />
      <ErrorText error={isWrong ? translate("weather_time_wrong") : ""} />
      {isWrong ? null : <Compared key={atMs} site={site} atMs={atMs} endMs={Math.min(hourMs, atMs + HOURS * HOUR_MS)} />}
    </section>
  );
}

function AtChoice({ atMs, hourMs, choose }: { atMs: number; hourMs: number; choose: (atMs: number) => void }): JSX.Element {
  const id = useUniqueId();
  return (
    <div class="choices-row">
      <div class="labelled">
        <label for={id}>{translate("weather_at")}</label>
        <input
          id={id}
          type="datetime-local"
          max={localInput(nowMs())}
          value={localInput(atMs)}
          onChange={(event) => {
            const at = instantOf(event.currentTarget.value);
            if (at !== null) choose(at);
          }}
        />
      </div>
      <div class="buttons">
        {BEFORE_H.map((hours) => (
          <button
            key={hours}
            type="button"
            class="secondary"
            aria-pressed={atMs === hourMs - hours * HOUR_MS}
            onClick={() => choose(hourMs - hours * HOUR_MS)}
          >
            {translate("weather_hours_before", { hours })}
          </button>
        ))}
      </div>
    </div>
  );
}

/** Both answers are of the chosen time: another time is another component, and shows nothing of this one. */
function Compared({ site, atMs, endMs }: { site: string; atMs: number; endMs: number }): JSX.Element {
  const [chosen, choose] = useChoice("quantity", "temperature_degc");
  const said = useApi("/v1/sites/{site}/weather-forecast/hours", { path: { site }, query: { at: atMs, hours: HOURS } });
  const startMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
  const measured = useApi(
    "/v1/sites/{site}/weather",
    { path: { site }, query: { start: startMs, end: Math.max(endMs, startMs + HOUR_MS), by: "hour" } },
    { timeoutMs: TIMEOUT_MS },
  );
  return (
    <Loaded state={said}>
      {(forecast) =>
        forecast.hours.length === 0 ? (
          <p class="note" data-said="nothing">
            {translate("weather_said_none")}
          </p>
        ) : (
          <>
            <ForecastSource source={forecast} />
            <div class="choices-row">
              <Choice
                label={translate("quantity")}
                value={chosen}
                options={namesOf(forecast).map((value) => ({ value, text: channelName(value) }))}
                onChoose={choose}
              />
            </div>
            <Loaded state={measured}>{(weather) => <ComparedChart forecast={forecast} weather={weather} name={chosen} />}</Loaded>
          </>
        )
      }
    </Loaded>
  );
}

/** Return the quantities that are forecast and that a station may measure. */
function namesOf(forecast: Forecast): string[] {
  const values: ValueName[] = ["temperature_degc", "humidity_pct"];
  const others: ValueName[] = ["wind_speed_m_s", "global_radiation_w_m2"];
  const said = [...values, ...others].filter((name) => columnsOf(forecast.hours, name).hasValues);
  return stepsOf(forecast.hours, RAIN).length === 0 ? said : [...said, RAIN];
}

function ComparedChart({ forecast, weather, name }: { forecast: Forecast; weather: Measured; name: string }): JSX.Element {
  const drawing = useMemo(() => compared(forecast, weather, name), [forecast, weather, name]);
  const hasMeasured = weather.items.some((item) => item.answers[name]?.value != null);
  return (
    <>
      <ChartPanel
        options={{ name: `${translate("weather_said")} – ${channelName(name)}`, gapMs: Infinity, heightPx: 240 }}
        drawing={drawing}
      />
      {hasMeasured ? null : <p class="note">{translate("weather_measured_none")}</p>}
      {name.startsWith("wind_") ? <p class="note">{translate("weather_wind_height")}</p> : null}
      {weather.simulated ? <span class="badge">{translate("simulated")}</span> : null}
    </>
  );
}

/** Return what was said, with its interval, and what was measured, over the same hours. */
function compared(forecast: Forecast, weather: Measured, name: string): Drawing {
  const unit = unitOfName(name);
  const hours = weather.items.map((item): [number, number] => [item.window.start_ms, item.answers[name]?.value ?? NaN]);
  const measured: Omit<Line, "values"> = { name: translate("weather_line_measured"), unit, colour: "--cool" };
  const said: Omit<Line, "values"> = { name: translate("weather_line_said"), unit, colour: "--accent", dashed: true };
  if (name === RAIN) {
    const steps = stepsOf(forecast.hours, RAIN);
    const timeMs = joinTimes(
      hours.map(([at]) => at),
      steps.map(({ start_ms }) => start_ms),
    );
    const amounts = new Map(steps.map(({ start_ms, value }) => [start_ms, value]));
    return {
      timeMs,
      lines: [
        { ...said, values: columnAt(timeMs, amounts), endsMs: new Map(steps.map(({ start_ms, end_ms }) => [start_ms, end_ms])) },
        { ...measured, values: columnAt(timeMs, new Map(hours)) },
      ],
    };
  }
  const columns = columnsOf(forecast.hours, name as ValueName);
  const timeMs = joinTimes(
    hours.map(([at]) => at),
    columns.timeMs,
  );
  const over = (values: readonly number[]): (number | null)[] =>
    columnAt(timeMs, new Map(columns.timeMs.map((at, index) => [at, values[index] ?? NaN])));
  const range: Line[] = columns.hasRange
    ? [
        { name: translate("weather_low"), unit, colour: "--stale", values: over(columns.low) },
        { name: translate("weather_high"), unit, colour: "--stale", values: over(columns.high) },
      ]
    : [];
  return {
    timeMs,
    lines: [...range, { ...said, values: over(columns.values) }, { ...measured, values: columnAt(timeMs, new Map(hours)) }],
    ranges: columns.hasRange ? [{ name: translate("chart_range"), low: 0, high: 1, colour: "--accent" }] : [],
  };
}
