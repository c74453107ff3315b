// Lines over time, up to hundreds of thousands of points. Gaps are gaps; dates are those of the site, in the chosen language.

import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";

import { clockText, dateText, formatInstant, zoneName } from "../i18n/instants";
import { digitsOf, numberText, unitText } from "../i18n/numbers";
import { word } from "../i18n/translate";
import { make } from "./dom";

export interface Line {
  name: string;
  unit: string;
  /** A CSS variable of the page, such as `--warm`. */
  tone: string;
  values: ArrayLike<number | null>;
  /** Lines of a scale share an axis; by default their unit. */
  scale?: string;
  dashed?: boolean;
}

/** A band between two values of one scale, as the target of a crop's stage. */
export interface Band {
  scale: string;
  low: number;
  high: number;
  tone: string;
}

export interface ChartOptions {
  name: string;
  heightPx?: number;
  bands?: Band[];
  /** Samples further apart than this are not joined [ms]. By default three times the median distance. */
  gapMs?: number;
  onZoom?: (startMs: number, endMs: number) => void;
  /** Drawn over the chart; coordinates by `valToPos(ms, "x", true)` in canvas pixels. */
  overlay?: (chart: uPlot) => void;
  /** Charts with the same key move their cursors together. */
  group?: string;
}

const LEAST_PX = 240;

/** A chart in a `<figure>` with a text for those who do not see it. `close` lets go of it. */
export class Chart {
  readonly element: HTMLElement;
  readonly #place = make("div", { class: "plot" });
  readonly #said = make("figcaption", { class: "plot-said" });
  readonly #watch: ResizeObserver;
  #plot: uPlot | null = null;
  #lines: Line[] = [];
  #timeMs: ArrayLike<number> = [];

  constructor(readonly options: ChartOptions) {
    this.element = make("figure", { class: "chart", "aria-label": options.name }, this.#place, this.#said);
    this.#watch = new ResizeObserver(() => this.#fit());
    this.#watch.observe(this.#place);
  }

  /** Draw these lines over one time axis, ascending in epoch ms. */
  draw(timeMs: ArrayLike<number>, lines: Line[]): void {
    const same = this.#plot !== null && lines.length === this.#lines.length
      && lines.every((line, index) => line.name === this.#lines[index]?.name && line.unit === this.#lines[index]?.unit);
    this.#lines = lines;
    this.#timeMs = timeMs;
    this.element.dataset["points"] = String(timeMs.length);
    const data = withGaps(timeMs, lines.map((line) => line.values), this.options.gapMs);
    this.#said.textContent = lines.map((line) => describe(line)).join("; ");
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
    this.#watch.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit(): void {
    const width = Math.max(LEAST_PX, this.#place.clientWidth);
    if (this.#plot && width !== this.#plot.width) this.#plot.setSize({ width, height: this.options.heightPx ?? 220 });
  }

  #options(): uPlot.Options {
    const tone = (name: string): string => getComputedStyle(this.element).getPropertyValue(name).trim() || "#888";
    const scales = [...new Set(this.#lines.map((line) => line.scale ?? line.unit))];
    const muted = tone("--muted");
    const axis: uPlot.Axis = { stroke: muted, grid: { stroke: tone("--line"), width: 1 }, ticks: { stroke: tone("--line") }, font: "12px system-ui, sans-serif" };
    return {
      width: Math.max(LEAST_PX, this.#place.clientWidth),
      height: this.options.heightPx ?? 220,
      ms: 1,
      // Days begin where they begin at the site, not where somebody looks from.
      tzDate: (timeMs) => uPlot.tzDate(new Date(timeMs), zoneName()),
      cursor: { drag: { x: true, y: false }, ...(this.options.group ? { sync: { key: this.options.group } } : {}) },
      legend: { show: true, live: true },
      scales: { x: { time: true }, ...Object.fromEntries(scales.map((scale) => [scale, { auto: true }])) },
      axes: [
        { ...axis, space: 80, values: (_, splits, __, ___, stepMs) => splits.map((at, index) => tickText(at, splits[index - 1], stepMs)) },
        ...scales.map((scale, index): uPlot.Axis => {
          const line = this.#lines.find((one) => (one.scale ?? one.unit) === scale);
          return {
            ...axis, scale, side: index === 0 ? 3 : 1, size: 62, label: unitText(line?.unit ?? ""), labelSize: line?.unit && line.unit !== "1" ? 18 : 0,
            labelFont: "12px system-ui, sans-serif", grid: { ...axis.grid, show: index === 0 },
            values: (_, splits, __, ___, step) => splits.map((value) => numberText(value, Math.max(0, Math.min(4, -Math.floor(Math.log10(step))))))
          };
        }),
      ],
      series: [
        { value: (_, timeMs) => (timeMs === null ? "—" : `${dateText(timeMs)} ${clockText(timeMs)}`), label: word("time") },
        ...this.#lines.map((line): uPlot.Series => ({
          label: line.name, scale: line.scale ?? line.unit, stroke: tone(line.tone), width: 1.6, spanGaps: false, points: { show: false },
          ...(line.dashed ? { dash: [6, 4] } : {}),
          value: (_, value) => (value === null || value === undefined ? "—" : `${numberText(value, digitsOf(line.unit))} ${unitText(line.unit)}`),
        })),
      ],
      hooks: {
        drawClear: [(plot) => this.#drawBands(plot, tone)],
        draw: [(plot) => this.options.overlay?.(plot)],
        setSelect: [(plot) => {
          if (plot.select.width > 4) this.options.onZoom?.(plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x"));
        }],
      },
    };
  }

  #drawBands(plot: uPlot, tone: (name: string) => string): void {
    for (const band of this.options.bands ?? []) {
      const [top, bottom] = [plot.valToPos(band.high, band.scale, true), plot.valToPos(band.low, band.scale, true)];
      plot.ctx.save();
      plot.ctx.globalAlpha = 0.14;
      plot.ctx.fillStyle = tone(band.tone);
      const from = Math.max(plot.bbox.top, top);
      plot.ctx.fillRect(plot.bbox.left, from, plot.bbox.width, Math.max(0, Math.min(plot.bbox.top + plot.bbox.height, bottom) - from));
      plot.ctx.restore();
    }
  }
}

function tickText(atMs: number, beforeMs: number | undefined, stepMs: number): string {
  const date = formatInstant(atMs, { month: "short", day: "numeric" });
  if (stepMs >= 86_400_000) return date;
  const time = formatInstant(atMs, { hour: "2-digit", minute: "2-digit", ...(stepMs < 60_000 ? { second: "2-digit" } : {}), hourCycle: "h23" });
  const newDay = beforeMs === undefined || formatInstant(beforeMs, { month: "short", day: "numeric" }) !== date;
  return newDay ? `${time}\n${date}` : time;
}

function describe(line: Line): string {
  let [low, high, last] = [Infinity, -Infinity, NaN];
  for (let index = 0; index < line.values.length; index += 1) {
    const value = line.values[index];
    if (value === null || value === undefined) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    last = value;
  }
  if (Number.isNaN(last)) return `${line.name}: ${word("chart_none")}`;
  const say = (value: number): string => `${numberText(value, digitsOf(line.unit))} ${unitText(line.unit)}`.trim();
  return word("chart_text", { name: line.name, low: say(low), high: say(high), last: say(last) });
}

function medianStep(timeMs: ArrayLike<number>): number {
  const steps: number[] = [];
  const stride = Math.max(1, Math.floor(timeMs.length / 2000));
  for (let index = 1; index < timeMs.length; index += stride) steps.push((timeMs[index] as number) - (timeMs[index - 1] as number));
  steps.sort((a, b) => a - b);
  return steps[steps.length >> 1] ?? 1000;
}

// Lines of one axis have their own times. Where a line only has no sample of its own, it goes on (undefined); where its
// own samples are too far apart, it breaks (null). Where all are, an empty sample goes in between.
function withGaps(timeMs: ArrayLike<number>, columns: ArrayLike<number | null>[], gapMs: number | undefined): uPlot.AlignedData {
  const allowed = columns.map((column) => gapMs ?? 3 * medianStep(timesOf(timeMs, column)));
  const most = Math.max(0, ...allowed);
  const times: number[] = [];
  const lines: (number | null | undefined)[][] = columns.map(() => []);
  const lasts: (number | null)[] = columns.map(() => null);
  const lastAts: number[] = columns.map(() => -1);
  for (let index = 0; index < timeMs.length; index += 1) {
    const at = timeMs[index] as number;
    const before = times.at(-1);
    if (before !== undefined && at - before > most) {
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
      // What lies between two samples that are too far apart is a hole, all of it: uPlot joins over what is undefined.
      if (last !== null && at - last > (allowed[which] as number)) line.fill(null, lastRow + 1, row);
      lasts[which] = at;
      lastAts[which] = row;
    }
  }
  return [times, ...lines] as uPlot.AlignedData;
}

function timesOf(timeMs: ArrayLike<number>, column: ArrayLike<number | null>): number[] {
  const times: number[] = [];
  for (let index = 0; index < timeMs.length; index += 1) if (column[index] !== null && column[index] !== undefined) times.push(timeMs[index] as number);
  return times;
}
