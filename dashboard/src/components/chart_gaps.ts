// Gaps of the lines of a chart: where two samples are too far apart, a line is broken.

import type uPlot from "uplot";

function medianStep(timeMs: ArrayLike<number>): number {
  const steps: number[] = [];
  const stride = Math.max(1, Math.floor(timeMs.length / 2000));
  for (let index = 1; index < timeMs.length; index += stride) steps.push((timeMs[index] as number) - (timeMs[index - 1] as number));
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 1000;
}

// Lines that share the axis have different times. uPlot joins a line over undefined and breaks it at null: a row without a
// sample of the line is undefined, rows between two samples that are too far apart are null. Where all lines have a gap, an
// empty row is inserted.
export function withGaps(timeMs: ArrayLike<number>, columns: ArrayLike<number | null>[], gapMs: number | undefined): uPlot.AlignedData {
  const limitsMs = columns.map((column) => gapMs ?? 3 * medianStep(timesOf(timeMs, column)));
  const maxMs = Math.max(0, ...limitsMs);
  const times: number[] = [];
  const lines: (number | null | undefined)[][] = columns.map(() => []);
  const lasts: (number | null)[] = columns.map(() => null);
  const lastAts: number[] = columns.map(() => -1);
  for (let index = 0; index < timeMs.length; index += 1) {
    const at = timeMs[index] as number;
    const before = times.at(-1);
    if (before !== undefined && at - before > maxMs) {
      times.push(before + 1);
      for (const line of lines) line.push(null);
    }
    const row = times.push(at) - 1;
    for (const [which, column] of columns.entries()) {
      const line = lines[which] as (number | null | undefined)[];
      const value = column[index] ?? null;
      // A gap breaks the line whatever comes next.
      line.push(value === null ? undefined : Number.isNaN(value) ? null : value);
      if (value === null || Number.isNaN(value)) continue;
      const last = lasts[which] ?? null;
      const lastRow = lastAts[which] as number;
      if (last !== null && at - last > (limitsMs[which] as number)) line.fill(null, lastRow + 1, row);
      lasts[which] = at;
      lastAts[which] = row;
    }
  }
  return [times, ...lines] as uPlot.AlignedData;
}

function timesOf(timeMs: ArrayLike<number>, column: ArrayLike<number | null>): number[] {
  const times: number[] = [];
  for (let index = 0; index < timeMs.length; index += 1) if (!Number.isNaN(column[index] ?? NaN)) times.push(timeMs[index] as number);
  return times;
}
