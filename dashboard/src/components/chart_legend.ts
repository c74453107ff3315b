// What a chart says in words: its legend, which names every mark and has the last values, and its text alternative.

import { clockText, dateText } from "../i18n/instants";
import { numberText, unitText } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { translate } from "../i18n/translate";
import type { Line, Mark } from "./chart_lines";
import { legendOf } from "./legend";

interface Extremes {
  low: number;
  high: number;
  last: number;
  lastAt: number;
}

/** Return the keys of areas, limits and marks, one a name; `place` is in the page, whose style sheet has the colours. */
export function keysOf(marks: readonly Mark[], place: HTMLElement): HTMLElement[] {
  const style = getComputedStyle(place.isConnected ? place : document.documentElement);
  const colours = new Map(marks.map(({ name, colour }) => [name, style.getPropertyValue(colour).trim()]));
  return legendOf([...colours].map(([text, colour]) => ({ colour, text })));
}

export function valueText(value: number, unit: string): string {
  return `${numberText(value, digitsOf(unit))} ${unitText(unit)}`.trim();
}

/** Return the last value of a line, "—" where it has none. */
export function latestText(line: Line): string {
  const extremes = extremesOf(line);
  return extremes === null ? "—" : valueText(extremes.last, line.unit);
}

/** Return a line in words: lowest, highest, and the last value with its time; a limit has no time at which it was measured. */
export function summaryOf(line: Line, timeMs: ArrayLike<number>, axis: "time" | "days"): string {
  const { name, unit } = line;
  const extremes = extremesOf(line);
  if (extremes === null) return `${name}: ${translate("chart_none")}`;
  const [low, high, last] = [extremes.low, extremes.high, extremes.last].map((value) => valueText(value, unit)) as [string, string, string];
  if (line.isLimit) return low === high ? translate("chart_limit", { name, limit: low }) : translate("chart_limits", { name, low, high });
  const lastMs = timeMs[extremes.lastAt] ?? NaN;
  const time = axis === "days" ? `${translate("chart_day")} ${numberText(lastMs, 0)}` : `${dateText(lastMs)} ${clockText(lastMs)}`;
  return translate("chart_text", { name, low, high, last, time });
}

function extremesOf({ values }: Line): Extremes | null {
  let found: Extremes | null = null;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    found ??= { low: value, high: value, last: value, lastAt: index };
    if (value < found.low) found.low = value;
    if (value > found.high) found.high = value;
    found.last = value;
    found.lastAt = index;
  }
  return found;
}
