// Columns of a forecast by hour for charts: values with their interval, and amounts by their own steps, which are never split.

/** A value of an hour as the API has it. */
interface Value {
  value: number;
  low: number | null;
  high: number | null;
  basis: string;
}

/** An amount of a step of the provider. */
export interface Step extends Value {
  start_ms: number;
  end_ms: number;
}

type HourWith<Name extends string, Kept> = { start_ms: number } & { [Key in Name]: Kept | null };

export interface Columns {
  timeMs: number[];
  /** NaN where nothing is said: the line has a gap there. */
  values: number[];
  low: number[];
  high: number[];
  /** Whether any value has an interval. */
  hasRange: boolean;
  /** Whether any value is there. */
  hasValues: boolean;
}

/** Return the values of a quantity by hour. */
export function columnsOf<Name extends string>(hours: readonly HourWith<Name, Value>[], name: Name): Columns {
  const column = (read: (value: Value) => number | null): number[] => hours.map((hour) => readOr(hour[name], read));
  const [values, low, high] = [column(({ value }) => value), column((each) => each.low), column((each) => each.high)];
  return {
    timeMs: hours.map(({ start_ms }) => start_ms),
    values,
    low,
    high,
    hasRange: low.some((each) => !Number.isNaN(each)),
    hasValues: values.some((each) => !Number.isNaN(each)),
  };
}

function readOr(value: Value | null, read: (value: Value) => number | null): number {
  return (value === null ? null : read(value)) ?? NaN;
}

/** Return the steps of an amount in order of time, each once: several hours may share one. */
export function stepsOf<Name extends string>(hours: readonly HourWith<Name, Step>[], name: Name): Step[] {
  const steps = new Map<string, Step>();
  for (const hour of hours) {
    const step: Step | null = hour[name];
    if (step !== null) steps.set(`${step.start_ms}-${step.end_ms}`, step);
  }
  return [...steps.values()].sort((one, other) => one.start_ms - other.start_ms);
}

/** Return a column over other times: null where it has none there, so that a line is joined. */
export function columnAt(times: readonly number[], of: ReadonlyMap<number, number>): (number | null)[] {
  return times.map((at) => of.get(at) ?? null);
}

/** Return the sum of the steps of an amount that lie whole within a period, and how much of it they leave unsaid. */
export function sumWithin(steps: readonly Step[], startMs: number, endMs: number): { sum: number; unsaidMs: number } {
  const within = steps.filter((step) => step.start_ms >= startMs && step.end_ms <= endMs);
  const saidMs = within.reduce((total, step) => total + step.end_ms - step.start_ms, 0);
  return { sum: within.reduce((total, step) => total + step.value, 0), unsaidMs: Math.max(0, endMs - startMs - saidMs) };
}

/** Return the times of several columns, each once and in order. */
export function joinTimes(...columns: readonly (readonly number[])[]): number[] {
  return [...new Set(columns.flat())].sort((a, b) => a - b);
}
