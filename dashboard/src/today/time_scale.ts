// One line of time for all pictures of a page: instants to pixels, hours to mark, spans of time.

import { formatInstant } from "../i18n/instants";
import type { Span } from "./records";

const HOUR_MS = 3_600_000;
/** Hours between two marks of the axis. */
const STEP_H = 3;

export interface Tick {
  timeMs: number;
  text: string;
  /** Whether a day begins here: its text is the day. */
  isDay: boolean;
}

/** The time from `fromMs` to `toMs`, by the clock of a place. */
export class TimeScale {
  constructor(
    readonly fromMs: number,
    readonly toMs: number,
    readonly nowMs: number,
    readonly zone: string,
  ) {}

  /** Return where an instant is on a picture of a width, in px; what is outside is at the edge. */
  x(timeMs: number, width: number): number {
    const share = (timeMs - this.fromMs) / (this.toMs - this.fromMs);
    return Math.max(0, Math.min(1, share)) * width;
  }

  /** Return the part of a span that is on the pictures, or null. */
  clip([from, to]: Span): Span | null {
    const part: Span = [Math.max(from, this.fromMs), Math.min(to, this.toMs)];
    return part[1] > part[0] ? part : null;
  }

  /** Return the marks of the axis: hours that the clock of the place divides by three, and days. */
  ticks(): Tick[] {
    const ticks: Tick[] = [];
    for (let timeMs = Math.ceil(this.fromMs / HOUR_MS) * HOUR_MS; timeMs <= this.toMs; timeMs += HOUR_MS) {
      const hour = Number(formatInstant(timeMs, { hour: "numeric", hourCycle: "h23" }, this.zone).replace(/\D/g, ""));
      if (hour % STEP_H !== 0) continue;
      const isDay = hour === 0;
      ticks.push({ timeMs, isDay, text: isDay ? formatInstant(timeMs, { weekday: "short" }, this.zone) : String(hour) });
    }
    return ticks;
  }

  clock(timeMs: number): string {
    return formatInstant(timeMs, { hour: "numeric", minute: "2-digit", hourCycle: "h23" }, this.zone);
  }
}

/** Return what of some spans is in none of others. */
export function without(spans: readonly Span[], others: readonly Span[]): Span[] {
  return others.reduce<Span[]>(
    (rest, [from, to]) =>
      rest.flatMap(([a, b]): Span[] => {
        const before: Span[] = a < from ? [[a, Math.min(b, from)]] : [];
        const after: Span[] = b > to ? [[Math.max(a, to), b]] : [];
        return [...before, ...after];
      }),
    [...spans],
  );
}

/** A point of a line: instant and value. */
export type Point = readonly [timeMs: number, value: number];

/** Return the parts of a line between values that are not known. */
export function knownParts(timesMs: readonly number[], values: readonly (number | null)[]): Point[][] {
  const parts: Point[][] = [];
  let part: Point[] = [];
  timesMs.forEach((timeMs, at) => {
    const value = values[at];
    if (value === null || value === undefined) {
      if (part.length > 0) parts.push(part);
      part = [];
    } else part.push([timeMs, value]);
  });
  if (part.length > 0) parts.push(part);
  return parts;
}

/** Return the areas in which one line is at or below another one: corners with both values, from edge to edge. */
export function areasBelow(
  timesMs: readonly number[],
  lower: readonly (number | null)[],
  upper: readonly (number | null)[],
): (readonly [timeMs: number, lower: number, upper: number])[][] {
  type Corner = readonly [number, number, number];
  const areas: Corner[][] = [];
  let area: Corner[] = [];
  let before: Corner | null = null;
  const close = (): void => {
    if (area.length > 1) areas.push(area);
    area = [];
  };
  timesMs.forEach((timeMs, at) => {
    const [low, high] = [lower[at] ?? null, upper[at] ?? null];
    if (low === null || high === null) {
      close();
      before = null;
      return;
    }
    const corner: Corner = [timeMs, low, high];
    const crossing = before === null ? null : crossingOf(before, corner);
    if (low <= high) {
      if (crossing !== null && area.length === 0) area.push(crossing);
      area.push(corner);
    } else {
      if (crossing !== null && area.length > 0) area.push(crossing);
      close();
    }
    before = corner;
  });
  close();
  return areas;
}

function crossingOf(a: readonly [number, number, number], b: readonly [number, number, number]): readonly [number, number, number] | null {
  const [gapA, gapB] = [a[2] - a[1], b[2] - b[1]];
  if (gapA >= 0 === gapB >= 0) return null;
  const share = gapA / (gapA - gapB);
  const value = a[1] + (b[1] - a[1]) * share;
  return [a[0] + (b[0] - a[0]) * share, value, value];
}
