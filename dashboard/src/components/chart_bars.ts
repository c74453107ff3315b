// Bars of a chart: an amount is drawn over the time that it is of.

import type uPlot from "uplot";

/** Return the paths of a line whose values are amounts: each is a bar from its time to its end, by the times in `endsMs`. */
export function barPaths(endsMs: ReadonlyMap<number, number>): uPlot.Series.PathBuilder {
  return (chart, series, first, last) => {
    const path = new Path2D();
    const [times, values] = [chart.data[0], chart.data[series]];
    const scale = chart.series[series]?.scale;
    if (values === undefined || scale === undefined) return null;
    const floor = chart.valToPos(chart.scales[scale]?.min ?? 0, scale, true);
    // A bar that begins before the part that is displayed may end within it.
    for (let index = Math.max(0, first - 24); index <= last; index += 1) {
      const [at, value] = [times[index], values[index]];
      const end = at === undefined ? undefined : endsMs.get(at);
      if (at === undefined || value === null || value === undefined || end === undefined) continue;
      const [left, right] = [chart.valToPos(at, "x", true), chart.valToPos(end, "x", true)];
      const top = chart.valToPos(value, scale, true);
      path.rect(left, top, Math.max(1, right - left - 1), floor - top);
    }
    return { stroke: path, fill: path };
  };
}
