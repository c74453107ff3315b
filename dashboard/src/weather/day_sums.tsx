// The forecast by local day: lowest and highest temperature, rain, and the strongest gust.

import "../i18n/weather";
import type { JSX } from "preact";
import { dateOf, formatInstant, startOfDateMs } from "../i18n/instants";
import { rangeText, withUnit } from "../i18n/numbers";
import { unitOfName } from "../i18n/quantities";
import { channelName, translate } from "../i18n/translate";
import { Table } from "../ui/table";
import { columnsOf, stepsOf, sumWithin } from "./hour_columns";
import type { Hour, ValueName } from "./next_hours";

const HOUR_MS = 3_600_000;

interface Day {
  date: string;
  startMs: number;
  endMs: number;
  /** Whether the day has begun: what is told is of the rest of it. */
  isRest: boolean;
  hours: Hour[];
}

export function DaySums({ hours }: { hours: readonly Hour[] }): JSX.Element {
  const rain = stepsOf(hours, "rain_mm");
  const gust = (day: Day): string => textOf(Math.max(...known(day, "wind_gust_m_s")), "wind_gust_m_s");
  return (
    <Table
      name={translate("weather_days")}
      rows={daysOf(hours)}
      keyOf={({ date }) => date}
      scrolls
      columns={[
        { key: "day", head: translate("weather_days"), cell: (day) => dayText(day) },
        { key: "temperature", head: channelName(NAME), number: true, cell: (day) => temperatureText(known(day, NAME)) },
        {
          key: "rain",
          head: channelName("rain_mm"),
          number: true,
          cell: ({ startMs, endMs }) => rainText(sumWithin(rain, startMs, endMs)),
        },
        { key: "gust", head: translate("weather_gust_most"), number: true, cell: gust },
      ]}
    />
  );
}

const NAME = "temperature_degc";

/** Return the local days of the hours: the first from its first hour on, the last where it is whole. */
function daysOf(hours: readonly Hour[]): Day[] {
  const days = new Map<string, Hour[]>();
  for (const hour of hours) {
    const date = dateOf(hour.start_ms);
    days.set(date, [...(days.get(date) ?? []), hour]);
  }
  const made = [...days].map(([date, within]): Day => {
    const [beginMs, endMs] = [startOfDateMs(date) ?? 0, startOfDateMs(date, 1) ?? 0];
    const startMs = Math.max(
      beginMs,
      within.reduce((least, { start_ms }) => Math.min(least, start_ms), endMs),
    );
    return { date, startMs, endMs, isRest: startMs > beginMs, hours: within };
  });
  return made.filter(({ endMs, hours: within }) => within.some(({ start_ms }) => start_ms + HOUR_MS === endMs));
}

function dayText({ startMs, isRest }: Day): string {
  return isRest ? translate("weather_day_rest") : formatInstant(startMs, { weekday: "short", month: "short", day: "numeric" });
}

function known(day: Day, name: ValueName): number[] {
  return columnsOf(day.hours, name).values.filter((value) => !Number.isNaN(value));
}

function temperatureText(values: readonly number[]): string {
  return values.length === 0 ? "—" : rangeText(NAME, Math.min(...values), Math.max(...values));
}

/** Return an extreme as text; that of nothing is infinite. */
function textOf(value: number, name: ValueName): string {
  return Number.isFinite(value) ? withUnit(value, unitOfName(name)) : "—";
}

/** A step that reaches into another day, or an hour of which nothing is said, leaves a least amount. */
function rainText({ sum, unsaidMs }: { sum: number; unsaidMs: number }): string {
  const amount = withUnit(sum, "mm");
  return unsaidMs === 0 ? amount : sum > 0 ? translate("weather_rain_least", { amount }) : "—";
}
