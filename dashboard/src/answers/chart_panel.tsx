// A chart within components: drawn again when its lines change, and released with its panel.

import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { Chart, type Band, type ChartOptions, type Line, type Range } from "../components/chart";
import { DomNode } from "../ui/dom_node";

export interface Drawing {
  timeMs: readonly number[];
  lines: Line[];
  ranges?: readonly Range[];
  bands?: Band[];
}

export function ChartPanel({ options, drawing }: { options: ChartOptions; drawing: Drawing }): JSX.Element {
  // Another name is another chart: its lines and its unit are others.
  const chart = useMemo(() => new Chart(options), [options.name, options.group]);
  useEffect(() => () => chart.close(), [chart]);
  useEffect(() => {
    chart.options.bands = drawing.bands ?? [];
    chart.draw(drawing.timeMs, drawing.lines, drawing.ranges);
  }, [chart, drawing]);
  return <DomNode node={chart.element} />;
}
