// Chart of lines over time, up to hundreds of thousands of points. Gaps remain gaps; dates are in the site's time zone.

import { currentLanguage } from "../i18n/preferences";
import "uplot/dist/uPlot.min.css";
import uPlot from "uplot";

import { clockText, dateText, formatInstant, timeZoneName } from "../i18n/instants";
import { numberText, unitText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import palette from "../../../headland/contract/palette.json";
import { barPaths } from "./chart_bars";
import { savePicture, saveTable, type ChartContent } from "./chart_export";
import { withGaps } from "./chart_gaps";
import { keysOf, latestText, summaryOf, valueText } from "./chart_legend";
import type { Band, Line, Mark, Range, Threshold } from "./chart_lines";
import { make } from "./dom";

export interface ChartOptions {
  name: string;
  heightPx?: number;
  /** Read at each drawing, as are the thresholds. */
  bands?: Band[];
  thresholds?: readonly Threshold[];
  /** Samples further apart are not joined [ms]; the default is three times the median step. Infinity where gaps are NaN. */
  gapMs?: number;
  /** Called with the part that is displayed; null where it is the whole again. */
  onZoom?: (part: { startMs: number; endMs: number } | null) => void;
  /** `valToPos(ms, "x", true)` of what it draws on gives canvas pixels. */
  overlay?: Overlay;
  /** Charts of one group share their cursor and the part that is displayed. */
  group?: string;
  /** `days`: the axis is the day of a season, from 1, and not the time. */
  axis?: "time" | "days";
  /** What the axis of a scale has at least: rain begins at 0. */
  ends?: Readonly<Record<string, readonly [low: number, high: number]>>;
}

/** What is drawn over a chart, and the marks that it draws, for the legend; both are read at each drawing. */
export interface Overlay {
  draw: (chart: uPlot) => void;
  marks: () => readonly Mark[];
}

export type { Band, Line, Mark, Range, Threshold } from "./chart_lines";

const MIN_WIDTH_PX = 240;
/** The charts that share the displayed part, by the name of their group. */
const groups = new Map<string, Set<Chart>>();

/** A chart in a `<figure>` with a text alternative. `close` releases it. */
export class Chart {
  readonly element: HTMLElement;
  readonly #place = make("div", { class: "plot" });
  readonly #keys = make("ul", { class: "keys chart-keys" });
  readonly #caption = make("figcaption", { class: "plot-caption" });
  readonly #resizeObserver: ResizeObserver;
  #plot: uPlot | null = null;
  #lines: Line[] = [];
  #timeMs: ArrayLike<number> = [];
  /** The part that the user chose; it stays when newer data is drawn. */
  #zoom: { startMs: number; endMs: number } | null = null;
  readonly #reset = make("button", { type: "button", class: "plain", hidden: true, onclick: () => this.#setZoom(null) });

  #ranges: readonly Range[] = [];

  constructor(readonly options: ChartOptions) {
    const { group } = options;
    if (group !== undefined) groups.set(group, (groups.get(group) ?? new Set()).add(this));
    this.#reset.append(translate("chart_reset"));
    const tools = make(
      "div",
      { class: "chart-tools" },
      this.#reset,
      make(
        "button",
        { type: "button", class: "plain", onclick: () => this.#plot && savePicture(this.#content(), this.#plot.ctx.canvas, this.element) },
        translate("chart_png"),
      ),
      make("button", { type: "button", class: "plain", onclick: () => saveTable(this.#content()) }, translate("chart_csv")),
    );
    this.element = make("figure", { class: "chart", "aria-label": options.name }, this.#place, this.#keys, tools, this.#caption);
    this.#resizeObserver = new ResizeObserver(() => this.#fit());
    this.#resizeObserver.observe(this.#place);
  }

  /** Draw lines over one time axis: epoch ms, ascending. */
  draw(timeMs: ArrayLike<number>, lines: Line[], ranges: readonly Range[] = []): void {
    const same =
      this.#plot !== null &&
      lines.length === this.#lines.length &&
      lines.every((line, index) => line.name === this.#lines[index]?.name && line.unit === this.#lines[index]?.unit);
    this.#lines = lines;
    this.#ranges = ranges;
    this.#timeMs = timeMs;
    this.element.dataset["points"] = String(timeMs.length);
    const data = withGaps(
      timeMs,
      lines.map((line) => line.values),
      this.options.gapMs,
    );
    this.#caption.textContent = lines
      .map((line) => summaryOf(line, timeMs, this.options.axis ?? "time"))
      .join(currentLanguage() === "en" ? "; " : "；");
    const { bands = [], thresholds = [], overlay } = this.options;
    const keys = keysOf([...bands, ...ranges, ...thresholds, ...(overlay?.marks() ?? [])], this.element);
    this.#keys.replaceChildren(...keys);
    this.#keys.hidden = keys.length === 0;
    if (same && this.#plot) this.#plot.setData(data, this.#zoom === null);
    else {
      this.#plot?.destroy();
      this.#plot = new uPlot(this.#options(), data, this.#place);
    }
    if (this.#zoom !== null) this.#plot.setScale("x", { min: this.#zoom.startMs, max: this.#zoom.endMs });
  }

  get zoomed(): boolean {
    return this.#zoom !== null;
  }

  /** Display the whole again, as where another period is chosen. */
  showAll(): void {
    if (this.#zoom !== null) this.#setZoom(null);
  }

  #setZoom(part: { startMs: number; endMs: number } | null): void {
    this.#show(part);
    for (const chart of groups.get(this.options.group ?? "") ?? []) if (chart !== this) chart.#show(part);
    this.options.onZoom?.(part);
  }

  #show(part: { startMs: number; endMs: number } | null): void {
    this.#zoom = part;
    this.#reset.hidden = part === null;
    const first = this.#timeMs[0];
    const last = this.#timeMs[this.#timeMs.length - 1];
    if (part !== null) this.#plot?.setScale("x", { min: part.startMs, max: part.endMs });
    else if (first !== undefined && last !== undefined) this.#plot?.setScale("x", { min: first, max: last });
  }

  #content(): ChartContent {
    return { name: this.options.name, lines: this.#lines, timeMs: this.#timeMs, zoom: this.#zoom, axis: this.options.axis ?? "time" };
  }

  get plot(): uPlot | null {
    return this.#plot;
  }

  get points(): number {
    return this.#timeMs.length;
  }

  close(): void {
    groups.get(this.options.group ?? "")?.delete(this);
    this.#resizeObserver.disconnect();
    this.#plot?.destroy();
    this.#plot = null;
  }

  #fit(): void {
    const width = Math.max(MIN_WIDTH_PX, this.#place.clientWidth);
    if (this.#plot && width !== this.#plot.width) this.#plot.setSize({ width, height: this.options.heightPx ?? 220 });
  }

  #options(): uPlot.Options {
    const colour = (name: string): string => getComputedStyle(this.element).getPropertyValue(name).trim() || palette.no_value;
    const scales = [...new Set(this.#lines.map((line) => line.scale ?? line.unit))];
    const days = this.options.axis === "days";
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
      legend: { show: true, live: true, markers: { dash: (plot, index) => (plot.series[index]?.dash ? "dashed" : "solid") } },
      scales: { x: { time: !days }, ...Object.fromEntries(scales.map((scale) => [scale, this.#scaleOf(scale)])) },
      axes: [
        days
          ? { ...axis, space: 50, values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? numberText(at, 0) : "")) }
          : {
              ...axis,
              space: 80,
              values: (_, splits, __, ___, stepMs) => splits.map((at, index) => tickText(at, splits[index - 1], stepMs)),
            },
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
        {
          value: (_, at, __, place) => {
            if (place === null) return translate("chart_latest");
            return days ? numberText(at, 0) : `${dateText(at)} ${clockText(at)}`;
          },
          label: translate(days ? "chart_day" : "time"),
        },
        ...this.#lines.map(
          (line): uPlot.Series => ({
            label: line.name,
            scale: line.scale ?? line.unit,
            stroke: colour(line.colour),
            width: 1.6,
            spanGaps: false,
            points: { show: false },
            ...(line.dashed ? { dash: [6, 4] } : {}),
            ...(line.endsMs ? { paths: barPaths(line.endsMs), fill: `${colour(line.colour)}66` } : {}),
            // Where nobody points at the chart the legend has each line's last value.
            value: (_, value, series, place) =>
              place === null
                ? latestText(this.#lines[series - 1] ?? line)
                : value === null || value === undefined
                  ? "—"
                  : valueText(value, line.unit),
          }),
        ),
      ],
      bands: this.#ranges.map(({ low, high, colour: name }) => ({ series: [high + 1, low + 1], fill: `${colour(name)}33` })),
      hooks: {
        drawClear: [
          (plot) => {
            this.#drawBands(plot, colour);
            this.#drawThresholds(plot, colour);
          },
        ],
        draw: [(plot) => this.options.overlay?.draw(plot)],
        setSelect: [
          (plot) => {
            if (plot.select.width <= 4) return;
            const [left, right] = [plot.select.left, plot.select.left + plot.select.width];
            this.#setZoom({ startMs: plot.posToVal(left, "x"), endMs: plot.posToVal(right, "x") });
          },
        ],
        ready: [(plot) => plot.over.addEventListener("dblclick", () => this.#setZoom(null))],
      },
    };
  }

  #scaleOf(scale: string): uPlot.Scale {
    const ends = this.options.ends?.[scale];
    if (ends === undefined) return { auto: true };
    const [least, most] = ends;
    return { auto: true, range: (_, low, high) => [Math.min(least, low ?? least), Math.max(most, high ?? most)] };
  }

  #drawThresholds(plot: uPlot, colour: (name: string) => string): void {
    const scale = devicePixelRatio;
    for (const threshold of this.options.thresholds ?? []) {
      // A chart without values has no axis of them.
      if (plot.scales[threshold.scale] === undefined) continue;
      const y = plot.valToPos(threshold.value, threshold.scale, true);
      if (y < plot.bbox.top || y > plot.bbox.top + plot.bbox.height) continue;
      plot.ctx.save();
      plot.ctx.strokeStyle = plot.ctx.fillStyle = colour(threshold.colour);
      plot.ctx.setLineDash([6 * scale, 4 * scale]);
      plot.ctx.beginPath();
      plot.ctx.moveTo(plot.bbox.left, y);
      plot.ctx.lineTo(plot.bbox.left + plot.bbox.width, y);
      plot.ctx.stroke();
      plot.ctx.font = `${11 * scale}px system-ui, sans-serif`;
      plot.ctx.textAlign = "left";
      plot.ctx.fillText(threshold.name, plot.bbox.left + 4 * scale, y - 3 * scale, plot.bbox.width - 8 * scale);
      plot.ctx.restore();
    }
  }

  #drawBands(plot: uPlot, colour: (name: string) => string): void {
    for (const band of this.options.bands ?? []) {
      if (plot.scales[band.scale] === undefined) continue;
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
