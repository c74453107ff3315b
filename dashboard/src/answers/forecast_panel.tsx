// The forecast of a house by the hour with its range, the measured hours before it, and the errors of the forecasts so far.

import "../i18n/answers";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Body } from "../api/client";
import { nowMs } from "../api/clock";
import { useApi } from "../api/query";
import { useChoice } from "../app/mount";
import { bandText } from "../components/band_text";
import type { Line } from "../components/chart";
import { BasisText } from "../components/forecast_basis";
import { FORECAST } from "../components/shown_quantities";
import { dateTimeText } from "../i18n/instants";
import { numberText, reasonText, unitText, withUnit } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { channelName, methodText, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { Loaded } from "../ui/loaded";
import { Table } from "../ui/table";
import { inputNames } from "./names";
import { ChartPanel, type Drawing } from "./chart_panel";
import { LeftOut } from "./house_answers";

type Forecast = Body<"/v1/greenhouses/{device}/forecast">;
type Climate = Body<"/v1/greenhouses/{device}/climate">;
type Past = Body<"/v1/greenhouses/{device}/forecast/past">;
type Skill = NonNullable<Forecast["items"][number]["skill"][string]>;

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** The record is of forecasts made so many hours before. */
const AHEAD_H = 6;
const EVERY_MS = 600_000;
const TIMEOUT_MS = 120_000;

export function ForecastPanel({ house }: { house: string }): JSX.Element {
  const [chosen, choose] = useChoice("forecast");
  const path = { device: house };
  const startMs = useMemo(() => Math.floor(nowMs() / HOUR_MS) * HOUR_MS - 48 * HOUR_MS, [house]);
  const forecast = useApi(
    "/v1/greenhouses/{device}/forecast",
    { path, query: { hours: HOURS } },
    { everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS },
  );
  const past = useApi(
    "/v1/greenhouses/{device}/forecast/past",
    { path, query: { start: startMs, ahead_h: AHEAD_H } },
    { everyMs: EVERY_MS },
  );
  // Where no forecast was recorded yet, the measured hours are those of the climate.
  const climate = useApi(
    "/v1/greenhouses/{device}/climate",
    { path, query: { start: startMs, end: startMs + 48 * HOUR_MS, by: "hour" } },
    { timeoutMs: TIMEOUT_MS },
  );
  return (
    <Loaded state={forecast}>
      {(answer) => {
        const quantities = FORECAST.filter((name) => answer.items.some((item) => item.answers[name] !== undefined));
        const [standing = ""] = quantities;
        const quantity = chosen || standing;
        const method = answer.items[0]?.answers[quantity];
        if (answer.items.every((item) => Object.values(item.answers).every(({ value }) => value === null)))
          return (
            <p class="note">
              {translate("answers_forecast_none", { why: reasonText(method?.reason), hours: numberText(answer.history_hours, 0) })}
            </p>
          );
        return (
          <>
            <p class="note">
              {translate("answers_forecast_made", { time: dateTimeText(answer.origin_ms), hours: numberText(answer.history_hours, 0) })}{" "}
              <BasisText basis={answer.basis} /> {answer.simulated ? <span class="badge">{translate("simulated")}</span> : null}
            </p>
            <div class="choices-row">
              <Choice
                label={translate("quantity")}
                value={quantity}
                options={quantities.map((value) => ({ value, text: channelName(value) }))}
                onChoose={choose}
              />
            </div>
            <ForecastChart forecast={answer} past={past.data} climate={climate.data} quantity={quantity} />
            {answer.items.every((item) => item.answers[quantity]?.value === null) ? <p class="note">{reasonText(method?.reason)}</p> : null}
            <Record forecast={answer} quantities={quantities} />
            <LeftOut findings={answer.left_out} />
            {method === undefined ? null : (
              <details class="how">
                <summary>{translate("answers_how")}</summary>
                <p>{methodText(method.method)}</p>
                <p>{translate("answers_inputs", { inputs: inputNames([...method.inputs, ...answer.drivers]) })}</p>
              </details>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function ForecastChart({
  forecast,
  past,
  climate,
  quantity,
}: {
  forecast: Forecast;
  past: Past | undefined;
  climate: Climate | undefined;
  quantity: string;
}): JSX.Element {
  const target = climate?.targets[quantity];
  const drawing = useMemo((): Drawing => {
    const recorded = past?.quantities[quantity];
    const ahead = new Map(forecast.items.map((item) => [item.window.start_ms, item.answers[quantity]]));
    const unit = [...ahead.values()][0]?.unit ?? recorded?.unit ?? "1";
    const hours = climate?.items.filter((item) => item.window.start_ms < forecast.origin_ms) ?? [];
    const measured = new Map(hours.map((item) => [item.window.start_ms, item.answers[quantity]?.value ?? NaN]));
    const made = new Map<number, number | null>();
    for (const [index, at] of (recorded?.time_ms ?? []).entries()) {
      if (at >= forecast.origin_ms) continue;
      made.set(at, recorded?.made[index] ?? NaN);
      measured.set(at, recorded?.measured[index] ?? measured.get(at) ?? NaN);
    }
    const timeMs = [...new Set([...measured.keys(), ...made.keys(), ...ahead.keys()])].sort((a, b) => a - b);
    const line = (name: string, colour: string, valueAt: (at: number) => number | null | undefined, dashed = false): Line => ({
      name,
      unit,
      colour,
      values: timeMs.map((at) => valueAt(at) ?? NaN),
      dashed,
    });
    const hasValues = ({ values }: Line): boolean => Array.from(values).some((value) => !Number.isNaN(value));
    const range = [
      line(translate("answers_forecast_low"), "--stale", (at) => ahead.get(at)?.low),
      line(translate("answers_forecast_high"), "--stale", (at) => ahead.get(at)?.high),
      line(translate("answers_forecast_expected"), "--accent", (at) => ahead.get(at)?.value),
    ];
    const before = [
      line(translate("answers_forecast_measured"), "--cool", (at) => measured.get(at)),
      line(translate("answers_forecast_before"), "--track", (at) => made.get(at), true),
    ];
    return {
      timeMs,
      lines: [...(range.every(hasValues) ? range : []), ...before.filter(hasValues)],
      ranges: range.every(hasValues) ? [{ name: translate("chart_range"), low: 0, high: 1, colour: "--accent" }] : [],
      bands:
        target === undefined
          ? []
          : [{ name: translate("chart_target"), scale: unit, low: target.low, high: target.high, colour: "--sprayed" }],
    };
  }, [forecast, past, climate, quantity, target]);
  const name = channelName(quantity);
  // Where water condenses is a limit of the physics.
  const limits = quantity.endsWith("margin_k") ? [{ scale: "K", value: 0, name: translate("answers_forecast_wet"), colour: "--bad" }] : [];
  return (
    <>
      <ChartPanel
        options={{ name: `${translate("answers_forecast")} – ${name}`, gapMs: Infinity, heightPx: 260, thresholds: limits }}
        drawing={drawing}
      />
      {target === undefined ? null : (
        <p class="note" data-bands>
          {bandText(quantity, target)}
        </p>
      )}
    </>
  );
}

/** The errors of the recorded forecasts; until some can be checked, those of forecasts made afterwards for past days. */
function Record({ forecast, quantities }: { forecast: Forecast; quantities: readonly string[] }): JSX.Element | null {
  const item = forecast.items.find(({ ahead_h }) => ahead_h === AHEAD_H);
  if (item === undefined) return null;
  const isRecorded = quantities.some((name) => (item.record[name]?.n ?? 0) > 0);
  const rows = quantities.flatMap((name) => {
    const skill = (isRecorded ? item.record : item.skill)[name];
    return skill ? [{ name, skill, both: item.weather_record[name] ?? null, unit: item.answers[name]?.unit ?? "1" }] : [];
  });
  if (rows.length === 0) return null;
  // Differences of temperatures are in kelvin.
  const difference = (value: number, unit: string): string => withUnit(value, unit === "degC" ? "K" : unit, Math.max(1, digitsOf(unit)));
  const column = (key: keyof Skill, text: Parameters<typeof translate>[0]) => ({
    key,
    head: translate(text),
    number: true,
    cell: ({ skill, unit }: (typeof rows)[number]) => difference(skill[key], unit),
  });
  const ofBoth = (key: "rmse_with" | "rmse_without", text: Parameters<typeof translate>[0]) => ({
    key,
    head: translate(text),
    number: true,
    cell: ({ both, unit }: (typeof rows)[number]) => (both === null ? "" : difference(both[key], unit)),
  });
  const isCompared = isRecorded && rows.some(({ both }) => both !== null);
  return (
    <div data-panel="forecast-record">
      <h3>{translate("answers_forecast_record", { hours: item.ahead_h })}</h3>
      <p class="note">{translate(isRecorded ? "answers_forecast_recorded" : "answers_forecast_recomputed")}</p>
      <Table
        name={translate("answers_forecast_record", { hours: item.ahead_h })}
        rows={rows}
        keyOf={({ name }) => name}
        columns={[
          { key: "quantity", head: translate("quantity"), cell: ({ name, unit }) => `${channelName(name)} ${unitText(unit)}`.trim() },
          { key: "n", head: translate("answers_forecast_hours"), number: true, cell: ({ skill }) => numberText(skill.n, 0) },
          column("rmse", "answers_forecast_error"),
          column("mean_error", "answers_forecast_bias"),
          column("p90_error", "answers_forecast_p90"),
          column("persistence_rmse", "answers_forecast_as_now"),
          column("yesterday_rmse", "answers_forecast_as_yesterday"),
          ...(isCompared
            ? [ofBoth("rmse_with", "answers_forecast_with_weather"), ofBoth("rmse_without", "answers_forecast_without_weather")]
            : []),
        ]}
      />
    </div>
  );
}
