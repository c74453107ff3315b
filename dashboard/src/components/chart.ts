// Chart of lines over time, up to hundreds of thousands of points. Gaps remain gaps; dates are in the site's time zone.

import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";

import { clockText, dateText, formatInstant, timeZoneName } from "../i18n/instants";
import { digitsOf, numberText, unitText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { make } from "./dom";

export interface Line {
  name: string;
  unit: string;
  /** A CSS variable of the page, such as `--warm`. */
  colour: string;
  values: ArrayLike<number | null>;
  /** Lines of one scale share an axis; the default is the unit. */
  scale?: string;
  dashed?: boolean;
}

/** A range of values that is shaded, such as the target band of a crop stage. */
export interface Band {
  scale: string;
  low: number;
  high: number;
  colour: string;
}

export interface ChartOptions {
  name: string;
  heightPx?: number;
  bands?: Band[];
  /** Samples further apart are not joined [ms]; the default is three times the median step. */
  gapMs?: number;
  onZoom?: (startMs: number, endMs: number) => void;
  /** Draws over the chart; `valToPos(ms, "x", true)` gives canvas pixels. */
  overlay?: (chart: uPlot) => void;
  /** Charts of one group share their cursor. */
  group?: string;
}

const MIN_WIDTH_PX = 240;

/** A chart in a `<figure>` with a text alternative. `close` releases it. */
export class Chart {
  readonly element: HTMLElement;
  readonly #place = make("div", { class: "plot" });
  readonly #caption = make("figcaption", { class: "plot-caption" });
  readonly #resizeObserver: ResizeObserver;
  #plot: uPlot | null = null;
  #lines: Line[] = [];
  #timeMs: ArrayLike<number> = [];

  constructor(readonly options: ChartOptions) {
    this.element = make("figure", { class: "chart", "aria-label": options.name }, this.#place, this.#caption);
    this.#resizeObserver = new ResizeObserver(() => this.#fit());
    this.#resizeObserver.observe(this.#place);
  }

  /** Draw lines over one time axis: epoch ms, ascending. */
  draw(timeMs: ArrayLike<number>, lines: Line[]): void {
    const same =
      this.#plot !== null &&
      lines.length === this.#lines.length &&
      lines.every((line, index) => line.name === this.#lines[index]?.name && line.unit === this.#lines[index]?.unit);
    this.#lines = lines;
    this.#timeMs = timeMs;
    this.element.dataset["points"] = String(timeMs.length);
    const data = withGaps(
      timeMs,
      lines.map((line) => line.values),
      this.options.gapMs,
    );
    this.#caption.textContent = lines.map((line) => summaryOf(line)).join("; ");
    if (same && this.#plot) this.#plot.setData(data);
    else {
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(), data, this.#place);
    }
  }

  get plot(): uPlot | null {
    return this.#plot;
  }

  get points(): number {
    return this.#timeMs.length;
  }

  close(): void {
    this.#resizeObserver.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit(): void {
    const width = Math.max(MIN_WIDTH_PX, this.#place.clientWidth);
    if (this.#plot && width !== this.#plot.width) this.#plot.setSize({ width, height: this.options.heightPx ?? 220 });
  }

  #options(): uPlot.Options {
    const colour = (name: string): string => getComputedStyle(this.element).getPropertyValue(name).trim() || "#888";
    const scales = [...new Set(this.#lines.map((line) => line.scale ?? line.unit))];
    const muted = colour("--muted");
    const axis: uPlot.Axis = {
      stroke: muted,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line") },
      font: "12px system-ui, sans-serif",
    };
    return {
      width: Math.max(MIN_WIDTH_PX, this.#place.clientWidth),
      height: this.options.heightPx ?? 220,
      ms: 1,
      // Days begin at midnight of the site, not of the viewer.
      tzDate: (timeMs) => uPlot.tzDate(new Date(timeMs), timeZoneName()),
      cursor: { drag: { x: true, y: false }, ...(this.options.group ? { sync: { key: this.options.group } } : {}) },
      legend: { show: true, live: true },
      scales: { x: { time: true }, ...Object.fromEntries(scales.map((scale) => [scale, { auto: true }])) },
      axes: [
        { ...axis, space: 80, values: (_, splits, __, ___, stepMs) => splits.map((at, index) => tickText(at, splits[index - 1], stepMs)) },
        ...scales.map((scale, index): uPlot.Axis => {
          const line = this.#lines.find((candidate) => (candidate.scale ?? candidate.unit) === scale);
          return {
            ...axis,
            scale,
            side: index === 0 ? 3 : 1,
            size: 62,
            label: unitText(line?.unit ?? ""),
            labelSize: line?.unit && line.unit !== "1" ? 18 : 0,
            labelFont: "12px system-ui, sans-serif",
            grid: { ...axis.grid, show: index === 0 },
            values: (_, splits, __, ___, step) => splits.map((value) => numberText(value, tickDigits(step))),
          };
        }),
      ],
      series: [
        { value: (_, timeMs) => (timeMs === null ? "—" : `${dateText(timeMs)} ${clockText(timeMs)}`), label: translate("time") },
        ...this.#lines.map(
          (line): uPlot.Series => ({
            label: line.name,
            scale: line.scale ?? line.unit,
            stroke: colour(line.colour),
            width: 1.6,
            spanGaps: false,
            points: { show: false },
            ...(line.dashed ? { dash: [6, 4] } : {}),
            value: (_, value) =>
              value === null || value === undefined ? "—" : `${numberText(value, digitsOf(line.unit))} ${unitText(line.unit)}`,
          }),
        ),
      ],
      hooks: {
        drawClear: [(plot) => this.#drawBands(plot, colour)],
        draw: [(plot) => this.options.overlay?.(plot)],
        setSelect: [
          (plot) => {
            if (plot.select.width > 4)
              this.options.onZoom?.(plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x"));
          },
        ],
      },
    };
  }

  #drawBands(plot: uPlot, colour: (name: string) => string): void {
    for (const band of this.options.bands ?? []) {
      const [top, bottom] = [plot.valToPos(band.high, band.scale, true), plot.valToPos(band.low, band.scale, true)];
      plot.ctx.save();
      plot.ctx.globalAlpha = 0.14;
      plot.ctx.fillStyle = colour(band.colour);
      const from = Math.max(plot.bbox.top, top);
      plot.ctx.fillRect(plot.bbox.left, from, plot.bbox.width, Math.max(0, Math.min(plot.bbox.top + plot.bbox.height, bottom) - from));
      plot.ctx.restore();
    }
  }
}

/** Return the digits that a step between ticks has: 0 for 5, 1 for 2.5, 2 for 0.25. */
function tickDigits(step: number): number {
  return [0, 1, 2, 3].find((digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6) ?? 4;
}

function tickText(atMs: number, beforeMs: number | undefined, stepMs: number): string {
  const date = formatInstant(atMs, { month: "short", day: "numeric" });
  if (stepMs >= 86_400_000) return date;
  const time = formatInstant(atMs, {
    hour: "2-digit",
    minute: "2-digit",
    ...(stepMs < 60_000 ? { second: "2-digit" } : {}),
    hourCycle: "h23",
  });
  const newDay = beforeMs === undefined || formatInstant(beforeMs, { month: "short", day: "numeric" }) !== date;
  return newDay ? `${time}\n${date}` : time;
}

function summaryOf(line: Line): string {
  let [low, high, last] = [Infinity, -Infinity, NaN];
  for (let index = 0; index < line.values.length; index += 1) {
    const value = line.values[index];
    if (value === null || value === undefined) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    last = value;
  }
  if (Number.isNaN(last)) return `${line.name}: ${translate("chart_none")}`;
  const format = (value: number): string => `${numberText(value, digitsOf(line.unit))} ${unitText(line.unit)}`.trim();
  return translate("chart_text", { name: line.name, low: format(low), high: format(high), last: format(last) });
}

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
function withGaps(timeMs: ArrayLike<number>, columns: ArrayLike<number | null>[], gapMs: number | undefined): uPlot.AlignedData {
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
      line.push(value === null ? undefined : value);
      if (value === null) continue;
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
  for (let index = 0; index < timeMs.length; index += 1)
    if (column[index] !== null && column[index] !== undefined) times.push(timeMs[index] as number);
  return times;
}
