// The root zone since sowing: what it lacks with its interval against the limits of the crop, and what came and went by day.

import "../i18n/field_water";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { ChartPanel, type Drawing } from "../answers/chart_panel";
import type { Line } from "../components/chart";
import { startOfDateMs } from "../i18n/instants";
import { translate, type TextKey } from "../i18n/translate";
import type { Water } from "./records";

type Day = Water["days"][number];

const GROUP = "field-water";

export function WaterCourse({ water }: { water: Water }): JSX.Element {
  const course = useMemo(() => courseOf(water.days), [water]);
  const flows = useMemo(() => flowsOf(water.days), [water]);
  const ends = { mm: [0, 10] } as const;
  return (
    <>
      <ChartPanel options={{ name: translate("water_course"), gapMs: Infinity, heightPx: 240, group: GROUP, ends }} drawing={course} />
      <ChartPanel options={{ name: translate("water_flows"), gapMs: Infinity, heightPx: 170, group: GROUP, ends }} drawing={flows} />
    </>
  );
}

function courseOf(days: readonly Day[]): Drawing {
  return {
    // What a day lacks is of its end.
    timeMs: days.map(({ day }) => startOfDateMs(day, 1) ?? NaN),
    lines: [
      lineOf(days, "water_line_low", "--stale", ({ low_mm }) => low_mm),
      lineOf(days, "water_line_high", "--stale", ({ high_mm }) => high_mm),
      lineOf(days, "water_line_lacks", "--cool", ({ depletion_mm }) => depletion_mm),
      { ...lineOf(days, "water_line_readily", "--amber", ({ readily_mm }) => readily_mm), dashed: true, isLimit: true },
      { ...lineOf(days, "water_line_available", "--bad", ({ available_mm }) => available_mm), dashed: true, isLimit: true },
    ],
    ranges: [{ name: translate("chart_range"), low: 0, high: 1, colour: "--cool" }],
  };
}

function flowsOf(days: readonly Day[]): Drawing {
  const starts = days.map(({ day }) => startOfDateMs(day) ?? NaN);
  const last = days.at(-1);
  const endsMs = new Map(days.map(({ day }, index) => [starts[index] ?? NaN, startOfDateMs(day, 1) ?? NaN]));
  return {
    // The last bar ends with its day.
    timeMs: last === undefined ? starts : [...starts, startOfDateMs(last.day, 1) ?? NaN],
    lines: [
      { ...lineOf(days, "water_line_rain", "--cool", ({ rain_mm }) => rain_mm), endsMs },
      { ...lineOf(days, "water_line_irrigation", "--accent", ({ irrigation_mm }) => irrigation_mm), endsMs },
      lineOf(days, "water_line_et", "--warm", ({ et_mm }) => et_mm),
    ],
  };
}

function lineOf(days: readonly Day[], name: TextKey, colour: string, read: (day: Day) => number): Line {
  return { name: translate(name), unit: "mm", colour, values: days.map(read) };
}
