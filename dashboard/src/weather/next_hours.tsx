// The next 72 hours of a site by hour: temperature, rain with its chance, wind with gusts, clouds; each with its interval where one is known.

import "../i18n/weather";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { ChartPanel, type Drawing } from "../answers/chart_panel";
import type { Body } from "../api/client";
import type { ChartOptions, Line, Range } from "../components/chart";
import { FORECAST_HOUR } from "../components/shown_quantities";
import { formatInstant } from "../i18n/instants";
import { numberText, unitText, withUnit } from "../i18n/numbers";
import { digitsOf, unitOfName } from "../i18n/quantities";
import { channelName, translate, type TextKey } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import { columnAt, columnsOf, joinTimes, stepsOf, type Step } from "./hour_columns";

export type Forecast = Body<"/v1/sites/{site}/weather-forecast/hours">;
export type Hour = Forecast["hours"][number];
export type ValueName = Exclude<keyof Hour, "start_ms" | "lead_h" | "rain_mm" | "rain_chance_pct">;

const GROUP = "weather-next";
const HEIGHT_PX = 170;
const CHANCE = "precipitation_chance_pct";

export function NextHours({ forecast }: { forecast: Forecast }): JSX.Element {
  return (
    <>
      <ValueChart
        hours={forecast.hours}
        title="weather_temperature"
        names={["temperature_degc", "humidity_pct"]}
        colours={["--warm", "--cool"]}
      />
      <RainChart hours={forecast.hours} />
      <ValueChart
        hours={forecast.hours}
        title="weather_wind"
        names={["wind_speed_m_s", "wind_gust_m_s"]}
        colours={["--track", "--amber"]}
        ends={{ "m/s": [0, 5] }}
      />
      <ValueChart
        hours={forecast.hours}
        title="weather_cloud"
        names={["cloud_cover_pct", "global_radiation_w_m2"]}
        colours={["--stale", "--amber"]}
        ends={{ "%": [0, 100] }}
      />
      <details class="fold">
        <summary>{translate("weather_by_hour")}</summary>
        <HourTable hours={forecast.hours} />
      </details>
    </>
  );
}

interface ValueChartProps {
  hours: readonly Hour[];
  title: TextKey;
  names: readonly ValueName[];
  colours: readonly string[];
  ends?: ChartOptions["ends"];
}

function ValueChart({ hours, title, names, colours, ends }: ValueChartProps): JSX.Element | null {
  const drawing = useMemo((): Drawing => valueDrawing(hours, names, colours), [hours, names.join()]);
  if (drawing.lines.length === 0) return null;
  return (
    <ChartPanel
      options={{ name: translate(title), gapMs: Infinity, heightPx: HEIGHT_PX, group: GROUP, ...(ends ? { ends } : {}) }}
      drawing={drawing}
    />
  );
}

/** Return the lines of quantities; the interval of the first stands behind it. */
export function valueDrawing(hours: readonly Hour[], names: readonly ValueName[], colours: readonly string[]): Drawing {
  const lines: Line[] = [];
  const ranges: Range[] = [];
  for (const [index, name] of names.entries()) {
    const columns = columnsOf(hours, name);
    if (!columns.hasValues) continue;
    const [unit, colour] = [unitOfName(name), colours[index] ?? "--muted"];
    if (columns.hasRange && index === 0) {
      ranges.push({ name: translate("chart_range"), low: lines.length, high: lines.length + 1, colour });
      lines.push({ name: translate("weather_low"), unit, colour: "--stale", values: columns.low });
      lines.push({ name: translate("weather_high"), unit, colour: "--stale", values: columns.high });
    }
    lines.push({ name: channelName(name), unit, colour, values: columns.values, dashed: index > 0 });
  }
  return { timeMs: hours.map(({ start_ms }) => start_ms), lines, ranges };
}

/** Rain as bars over the steps of the provider, and the chance of any as a line. */
function RainChart({ hours }: { hours: readonly Hour[] }): JSX.Element | null {
  const drawing = useMemo((): Drawing => {
    const [rain, chance] = [stepsOf(hours, "rain_mm"), stepsOf(hours, "rain_chance_pct")];
    const timeMs = joinTimes(starts(hours), starts(rain), starts(chance));
    const line = (name: string, colour: string, steps: readonly Step[]): Line => ({
      name: channelName(name),
      unit: unitOfName(name),
      colour,
      values: columnAt(timeMs, new Map(steps.map(({ start_ms, value }) => [start_ms, value]))),
    });
    const endsMs = new Map(rain.map(({ start_ms, end_ms }) => [start_ms, end_ms]));
    return {
      timeMs,
      lines: [
        ...(rain.length === 0 ? [] : [{ ...line("rain_mm", "--cool", rain), endsMs }]),
        ...(chance.length === 0 ? [] : [{ ...line(CHANCE, "--track", chance), dashed: true }]),
      ],
    };
  }, [hours]);
  if (drawing.lines.length === 0) return null;
  const ends = { mm: [0, 2], "%": [0, 100] } as const;
  return (
    <ChartPanel options={{ name: translate("weather_rain"), gapMs: Infinity, heightPx: HEIGHT_PX, group: GROUP, ends }} drawing={drawing} />
  );
}

function starts(rows: readonly { start_ms: number }[]): number[] {
  return rows.map(({ start_ms }) => start_ms);
}

function HourTable({ hours }: { hours: readonly Hour[] }): JSX.Element {
  const column = (name: ValueName): Column<Hour> => ({
    key: name,
    head: `${channelName(name)} [${unitText(unitOfName(name))}]`,
    number: true,
    cell: (hour) => valueText(hour[name], name),
  });
  const amount = (key: "rain_mm" | "rain_chance_pct", name: string): Column<Hour> => ({
    key,
    head: channelName(name),
    number: true,
    cell: (hour) => stepText(hour[key], unitOfName(name)),
  });
  return (
    <Table
      name={translate("weather_by_hour")}
      rows={hours}
      keyOf={({ start_ms }) => String(start_ms)}
      pageSize={24}
      scrolls
      columns={[
        { key: "hour", head: translate("weather_hour"), cell: ({ start_ms }) => hourText(start_ms) },
        amount("rain_mm", "rain_mm"),
        amount("rain_chance_pct", CHANCE),
        ...FORECAST_HOUR.map(column),
      ]}
    />
  );
}

/** Return a value with its interval. */
function valueText(value: { value: number; low: number | null; high: number | null } | null, name: string): string {
  if (value === null) return "—";
  const text = (each: number): string => numberText(each, digitsOf(unitOfName(name), name));
  return value.low === null || value.high === null ? text(value.value) : `${text(value.value)} (${text(value.low)}–${text(value.high)})`;
}

/** Return an amount with its step, where that is longer than an hour. */
function stepText(step: Step | null, unit: string): string {
  if (step === null) return "—";
  const text = withUnit(step.value, unit);
  if (step.end_ms - step.start_ms <= 3_600_000) return text;
  return translate("weather_of_step", { amount: text, from: clock(step.start_ms), until: clock(step.end_ms) });
}

function clock(timeMs: number): string {
  return formatInstant(timeMs, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function hourText(timeMs: number): string {
  return formatInstant(timeMs, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
