// Climate charts of a greenhouse, with the target band of the crop, condensation, limits of alarm rules, alarms and notes.

import "../i18n/greenhouse";
import type uPlot from "uplot";

import { bandText } from "../components/band_text";
import { Chart, type ChartOptions, type Line, type Mark } from "../components/chart";
import { make } from "../components/dom";
import { withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { indicesWhere } from "../i18n/quantities";
import { channelName, term, translate } from "../i18n/translate";
import { NO_MARKS, type Marks, type RuleLimit } from "./chart_marks";
import type { Overview } from "./records";

/** The charts of the page share the displayed part and the cursor. */
export const CHART_GROUP = "greenhouse";

/** Another greenhouse, or the same one in an earlier window; its times are shifted by `shiftMs`. */
export interface Comparison {
  name: string;
  overview: Overview;
  shiftMs: number;
}

/** A chart: the catalogue says which indices are in it, in their order. */
interface ChartPlan {
  panel: "deficit" | "dew" | "air" | "radiation";
  /** Colours of its lines, in their order. */
  colours: readonly string[];
  /** Colour of the target band, where it is not that of the line. */
  band?: string;
  /** Channels that are drawn, too. */
  also?: readonly string[];
  /** Displayed without values, too. */
  isKept?: boolean;
  /** Whether condensation is shaded. */
  isWet?: boolean;
}

const PLANS: readonly ChartPlan[] = [
  { panel: "deficit", colours: ["--accent"], band: "--sprayed", isKept: true },
  { panel: "dew", colours: ["--warm", "--cool", "--track", "--stale"], also: ["outside_temperature_degc"], isWet: true },
  { panel: "air", colours: ["--cool", "--track"] },
  { panel: "radiation", colours: ["--amber"] },
];
/** Of a comparison only the first lines of a chart are drawn. */
const MOST_COMPARED = 2;
/** Of a line that the plan has no colour for. */
const OTHER_COLOUR = "--muted";

/** Height of the strip at the top in which alarms are drawn [px]. */
const STRIP_PX = 6;

/** A chart with the section that it is in. */
class PlannedChart {
  readonly chart: Chart;
  readonly channels: readonly string[];
  readonly element: HTMLElement;
  readonly #limits = make("p", { class: "note", hidden: true });
  readonly #bands = make("p", { class: "note", "data-bands": "", hidden: true });

  constructor(
    readonly plan: ChartPlan,
    options: Omit<ChartOptions, "name">,
  ) {
    this.channels = channelsOf(plan);
    this.chart = new Chart({ ...options, name: translate(`greenhouse_${plan.panel}`), thresholds: [] });
    this.element = make(
      "section",
      { class: "card", "data-panel": plan.panel },
      make("h2", {}, translate(`greenhouse_${plan.panel}`)),
      make("p", { class: "note" }, translate(`greenhouse_${plan.panel}_about`)),
      this.chart.element,
      this.#bands,
      this.#limits,
    );
  }

  /** Say the newest band of each quantity, with its source. */
  showBands(overview: Overview, banded: readonly string[]): void {
    const texts = banded.flatMap((name) => {
      const target = overview.bands.findLast(({ targets }) => targets[name] !== undefined)?.targets[name];
      return target === undefined ? [] : [bandText(name, target)];
    });
    this.#bands.textContent = texts.join(" ");
    this.#bands.hidden = texts.length === 0;
  }

  /** Draw the limits of the alarm rules, and say them: one far from the values is outside the chart. */
  showLimits(limits: readonly RuleLimit[], units: Record<string, string>): void {
    const own = limits.filter(({ quantity }) => this.channels.includes(quantity));
    const textOf = ({ quantity, side, value, rule }: RuleLimit): string =>
      translate("greenhouse_limit", { rule, side: term("alarm_conditions", side), value: withUnit(value, units[quantity] ?? "1") });
    this.chart.options.thresholds = own.map((limit) => ({
      scale: units[limit.quantity] ?? "1",
      value: limit.value,
      name: textOf(limit),
      colour: limit.critical ? "--bad" : "--amber",
    }));
    this.#limits.textContent = translate("greenhouse_limits", { limits: own.map(textOf).join(currentLanguage() === "en" ? ", " : "；") });
    this.#limits.hidden = own.length === 0;
  }
}

export class ClimateCharts {
  readonly element: HTMLElement;
  readonly #charts: readonly PlannedChart[];
  #overview: Overview | null = null;
  #marks: Marks = NO_MARKS;

  constructor(onZoom: (part: { startMs: number; endMs: number } | null) => void) {
    this.#charts = PLANS.map(
      (plan) =>
        // The API marks the gaps; steps between two values were left out.
        new PlannedChart(plan, {
          group: CHART_GROUP,
          onZoom,
          heightPx: 240,
          gapMs: Infinity,
          overlay: { draw: (plot) => this.#overlay(plot, plan), marks: () => this.#marksOf(plan) },
        }),
    );
    this.element = make("div", { class: "panels charts" }, ...this.#charts.map(({ element }) => element));
  }

  draw(overview: Overview, comparison: Comparison | null, marks: Marks): void {
    this.#overview = overview;
    this.#marks = marks;
    for (const planned of this.#charts) {
      const { samples } = overview;
      const isKnown = (source: Overview, name: string): boolean => source.samples.channels[name]?.some((value) => value !== null) ?? false;
      const present = planned.channels.filter((name) => isKnown(overview, name));
      const compared = planned.channels.slice(0, MOST_COMPARED);
      const others = comparison === null ? [] : compared.filter((name) => isKnown(comparison.overview, name));
      planned.element.hidden = present.length === 0 && others.length === 0 && planned.plan.isKept !== true && !planned.plan.isWet;
      if (planned.element.hidden) continue;
      const columnsOf = (source: Overview, channels: readonly string[]): (number | null)[][] =>
        channels.map((name) => (source.samples.channels[name] ?? []).map((value) => value ?? NaN));
      const own = { timeMs: samples.time_ms, columns: columnsOf(overview, present) };
      const merged =
        comparison === null
          ? own
          : mergeColumns(
              own,
              { timeMs: comparison.overview.samples.time_ms, columns: columnsOf(comparison.overview, others) },
              comparison.shiftMs,
            );
      const lines = [...present, ...others].map(
        (name, index): Line => ({
          name: index < present.length ? channelName(name) : `${channelName(name)} – ${comparison?.name ?? ""}`,
          unit: samples.units[name] ?? "1",
          colour: colourOf(planned.plan, planned.channels.indexOf(name)),
          values: merged.columns[index] ?? [],
          dashed: index >= present.length,
        }),
      );
      planned.showLimits(marks.limits, samples.units);
      const banded = bandedOf(overview, present);
      planned.showBands(overview, banded);
      planned.chart.draw(merged.timeMs, [
        ...lines,
        ...banded.flatMap((name) => targetLines(overview, merged.timeMs, name, bandColour(planned, name))),
      ]);
    }
  }

  /** Whether a part is displayed that the user chose. */
  get zoomed(): boolean {
    return this.#charts.some(({ chart }) => chart.zoomed);
  }

  showAll(): void {
    for (const { chart } of this.#charts) chart.showAll();
  }

  close(): void {
    for (const { chart } of this.#charts) chart.close();
  }

  /** Return what stands on a chart beside its lines: one name for each colour and place. */
  #marksOf(plan: ChartPlan): Mark[] {
    const planned = this.#charts.find((each) => each.plan === plan);
    const overview = this.#overview;
    if (overview === null || planned === undefined) return [];
    const targets = bandedOf(overview, planned.channels).map((name) => ({
      name: translate("greenhouse_target_of", { name: channelName(name) }),
      colour: bandColour(planned, name),
    }));
    const mark = (name: string, colour: string, isDrawn: boolean): Mark[] => (isDrawn ? [{ name, colour }] : []);
    return [
      ...targets,
      ...mark(translate("greenhouse_mark_wet"), "--bad", plan.isWet === true && overview.events.length > 0),
      ...mark(
        translate("greenhouse_mark_critical"),
        "--bad",
        this.#marks.alarms.some(({ critical }) => critical),
      ),
      ...mark(
        translate("greenhouse_mark_alarm"),
        "--amber",
        this.#marks.alarms.some(({ critical }) => !critical),
      ),
      ...mark(translate("greenhouse_mark_note"), "--amber", overview.grower_notes.length > 0),
    ];
  }

  #overlay(plot: uPlot, plan: ChartPlan): void {
    const planned = this.#charts.find((each) => each.plan === plan);
    const overview = this.#overview;
    if (overview === null || planned === undefined || plot.data[0].length === 0) return;
    const { ctx, bbox } = plot;
    const colourOf = (name: string): string => getComputedStyle(this.element).getPropertyValue(name).trim();
    const right = bbox.left + bbox.width;
    const xOf = (timeMs: number): number => Math.min(right, Math.max(bbox.left, plot.valToPos(timeMs, "x", true)));
    const fill = (fromMs: number, toMs: number, top: number, bottom: number, colour: string): void => {
      if (xOf(toMs) <= bbox.left || xOf(fromMs) >= right) return;
      ctx.fillStyle = colourOf(colour);
      ctx.fillRect(xOf(fromMs), top, Math.max(1, xOf(toMs) - xOf(fromMs)), Math.max(0, bottom - top));
    };
    ctx.save();
    ctx.globalAlpha = 0.16;
    for (const name of bandedOf(overview, planned.channels)) {
      const scale = overview.samples.units[name] ?? "1";
      // A chart of several quantities has an axis for each unit; one that is not drawn has none.
      if (plot.scales[scale] === undefined) continue;
      const yOf = (value: number): number => Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, scale, true)));
      for (const { start_ms: startMs, end_ms: endMs, targets } of overview.bands) {
        const target = targets[name];
        if (target !== undefined) fill(startMs, endMs, yOf(target.high), yOf(target.low), bandColour(planned, name));
      }
    }
    if (plan.isWet) for (const event of overview.events) fill(event.start_ms, event.end_ms, bbox.top, bbox.top + bbox.height, "--bad");
    ctx.globalAlpha = 1;
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    for (const alarm of this.#marks.alarms) {
      fill(alarm.startMs, alarm.endMs, bbox.top, bbox.top + STRIP_PX * devicePixelRatio, alarm.critical ? "--bad" : "--amber");
      if (xOf(alarm.startMs) < right && xOf(alarm.endMs) > bbox.left) {
        // The title of an alarm at the right edge ends there.
        const titlePx = ctx.measureText(alarm.title).width + 3 * devicePixelRatio;
        const at = Math.max(bbox.left, Math.min(xOf(alarm.startMs) + 3 * devicePixelRatio, right - titlePx));
        ctx.fillText(alarm.title, at, bbox.top + (STRIP_PX + 22) * devicePixelRatio);
      }
    }
    for (const [index, note] of overview.grower_notes.entries()) {
      const at = plot.valToPos(note.time_ms, "x", true);
      if (at < bbox.left || at > right) continue;
      ctx.strokeStyle = ctx.fillStyle = colourOf("--amber");
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(String(index + 1), at + 3 * devicePixelRatio, bbox.top + 18 * devicePixelRatio);
    }
    ctx.restore();
  }
}

/** Return those of the channels that a band of the crop is for. */
function bandedOf(overview: Overview, channels: readonly string[]): string[] {
  return channels.filter((name) => overview.bands.some(({ targets }) => targets[name] !== undefined));
}

/** Return the names of a chart's lines. */
function channelsOf({ panel, also = [] }: ChartPlan): string[] {
  return [...indicesWhere(({ chart }) => chart === panel), ...also];
}

/** Return the colour of a band: that of its line, where the plan has none for "on target". */
function bandColour({ plan, channels }: PlannedChart, name: string): string {
  return plan.band ?? colourOf(plan, channels.indexOf(name));
}

function colourOf({ colours }: ChartPlan, place: number): string {
  return colours[place] ?? OTHER_COLOUR;
}

/** The limits of the target band as lines, so that they are also in the text alternative. */
function targetLines(overview: Overview, timeMs: readonly number[], quantity: string, colour: string): Line[] {
  const limits = (limit: "low" | "high"): (number | null)[] =>
    timeMs.map((at) => {
      const band = overview.bands.findLast(
        ({ start_ms: startMs, end_ms: endMs, targets }) => targets[quantity] !== undefined && at >= startMs && at < endMs,
      );
      return band?.targets[quantity]?.[limit] ?? null;
    });
  const line = (name: string, limit: "low" | "high"): Line => ({
    name,
    unit: overview.samples.units[quantity] ?? "1",
    colour,
    values: limits(limit),
    dashed: true,
    isLimit: true,
  });
  const name = channelName(quantity);
  const lines = [line(translate("greenhouse_target_low", { name }), "low"), line(translate("greenhouse_target_high", { name }), "high")];
  // A band that began after the last value has no line yet; its text says since when it is valid.
  return lines.filter(({ values }) => Array.from(values).some((value) => value !== null));
}

interface Columns {
  timeMs: readonly number[];
  columns: readonly (readonly (number | null)[])[];
}

/** Put two tables over the union of their times, the second shifted by `shiftMs`; a missing sample is null. */
function mergeColumns(first: Columns, second: Columns, shiftMs: number): { timeMs: number[]; columns: (number | null)[][] } {
  const shifted = second.timeMs.map((at) => at + shiftMs);
  const timeMs = [...new Set([...first.timeMs, ...shifted])].sort((a, b) => a - b);
  const rowOf = new Map(timeMs.map((at, row) => [at, row]));
  const spread = (times: readonly number[], column: readonly (number | null)[]): (number | null)[] => {
    const spreadColumn: (number | null)[] = new Array<number | null>(timeMs.length).fill(null);
    for (const [index, at] of times.entries()) spreadColumn[rowOf.get(at) as number] = column[index] ?? null;
    return spreadColumn;
  };
  return {
    timeMs,
    columns: [...first.columns.map((column) => spread(first.timeMs, column)), ...second.columns.map((column) => spread(shifted, column))],
  };
}
