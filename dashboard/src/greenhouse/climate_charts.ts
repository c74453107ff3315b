// Climate charts of a greenhouse: vapour pressure deficit with its target band, and dew point with the coldest surface.

import "../i18n/greenhouse";
import type uPlot from "uplot";

import { Chart, type Line } from "../components/chart";
import { make } from "../components/dom";
import { channelName, translate } from "../i18n/translate";
import type { Overview } from "./records";

const GROUP = "greenhouse";

/** Another greenhouse, or the same one in an earlier window; its times are shifted by `shiftMs`. */
export interface Comparison {
  name: string;
  overview: Overview;
  shiftMs: number;
}

export class ClimateCharts {
  readonly element: HTMLElement;
  readonly #deficit: Chart;
  readonly #dew: Chart;
  #overview: Overview | null = null;

  constructor(onZoom: (part: { startMs: number; endMs: number } | null) => void) {
    // The API marks the gaps; steps between two values were left out.
    const common = { group: GROUP, onZoom, heightPx: 240, gapMs: Infinity };
    this.#deficit = new Chart({
      ...common,
      name: translate("greenhouse_deficit"),
      overlay: (plot) => this.#overlay(plot, "vpd_kpa", "kPa"),
    });
    this.#dew = new Chart({ ...common, name: translate("greenhouse_dew"), overlay: (plot) => this.#overlay(plot, null, "degC") });
    const card = (title: string, about: string, chart: Chart, panel: string): HTMLElement =>
      make("section", { class: "card", "data-panel": panel }, make("h2", {}, title), make("p", { class: "note" }, about), chart.element);
    this.element = make(
      "div",
      { class: "panels" },
      card(translate("greenhouse_deficit"), translate("greenhouse_deficit_about"), this.#deficit, "deficit"),
      card(translate("greenhouse_dew"), translate("greenhouse_dew_about"), this.#dew, "dew"),
    );
  }

  draw(overview: Overview, comparison: Comparison | null): void {
    this.#overview = overview;
    const colours: Record<string, string> = {
      vpd_kpa: "--accent",
      air_temperature_degc: "--warm",
      dew_point_degc: "--cool",
      coldest_surface_degc: "--track",
      outside_temperature_degc: "--stale",
    };
    const drawLines = (names: string[], comparedNames: string[], chart: Chart): void => {
      const { samples } = overview;
      const present = names.filter((name) => samples.channels[name] !== undefined);
      const others = comparison === null ? [] : comparedNames.filter((name) => comparison.overview.samples.channels[name] !== undefined);
      const columnsOf = (source: Overview, channels: string[]): (number | null)[][] =>
        channels.map((name) => (source.samples.channels[name] ?? []).map((value) => value ?? NaN));
      const merged =
        comparison === null
          ? { timeMs: samples.time_ms, columns: columnsOf(overview, present) }
          : mergeColumns(
              { timeMs: samples.time_ms, columns: columnsOf(overview, present) },
              { timeMs: comparison.overview.samples.time_ms, columns: columnsOf(comparison.overview, others) },
              comparison.shiftMs,
            );
      const lines = [...present, ...others].map(
        (name, index): Line => ({
          name: index < present.length ? channelName(name) : `${channelName(name)} – ${comparison?.name ?? ""}`,
          unit: samples.units[name] ?? "1",
          colour: colours[name] ?? "--muted",
          values: merged.columns[index] ?? [],
          dashed: index >= present.length,
        }),
      );
      chart.draw(merged.timeMs, [...lines, ...(chart === this.#deficit ? targetLines(overview, merged.timeMs) : [])]);
    };
    drawLines(["vpd_kpa"], ["vpd_kpa"], this.#deficit);
    drawLines(
      ["air_temperature_degc", "dew_point_degc", "coldest_surface_degc", "outside_temperature_degc"],
      ["air_temperature_degc", "dew_point_degc"],
      this.#dew,
    );
  }

  /** Whether a part is displayed that the user chose. */
  get zoomed(): boolean {
    return this.#deficit.zoomed || this.#dew.zoomed;
  }

  showAll(): void {
    this.#deficit.showAll();
    this.#dew.showAll();
  }

  close(): void {
    this.#deficit.close();
    this.#dew.close();
  }

  #overlay(plot: uPlot, bandChannel: string | null, scale: string): void {
    const overview = this.#overview;
    if (overview === null || plot.data[0].length === 0) return;
    const { ctx, bbox } = plot;
    const colourOf = (name: string): string => getComputedStyle(this.element).getPropertyValue(name).trim();
    const right = bbox.left + bbox.width;
    const xOf = (timeMs: number): number => Math.min(right, Math.max(bbox.left, plot.valToPos(timeMs, "x", true)));
    const fill = (fromMs: number, toMs: number, top: number, bottom: number, colour: string): void => {
      ctx.fillStyle = colourOf(colour);
      ctx.fillRect(xOf(fromMs), top, Math.max(1, xOf(toMs) - xOf(fromMs)), Math.max(0, bottom - top));
    };
    ctx.save();
    ctx.globalAlpha = 0.16;
    if (bandChannel !== null) {
      for (const band of overview.bands) {
        const target = band.targets[bandChannel];
        if (target === undefined) continue;
        const yOf = (value: number): number => Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, scale, true)));
        fill(band.start_ms, band.end_ms, yOf(target.high), yOf(target.low), "--sprayed");
      }
    } else for (const event of overview.events) fill(event.start_ms, event.end_ms, bbox.top, bbox.top + bbox.height, "--bad");
    ctx.globalAlpha = 1;
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    for (const [index, note] of overview.grower_notes.entries()) {
      const at = plot.valToPos(note.time_ms, "x", true);
      if (at < bbox.left || at > right) continue;
      ctx.strokeStyle = ctx.fillStyle = colourOf("--amber");
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(at, bbox.top);
      ctx.lineTo(at, bbox.top + bbox.height);
      ctx.stroke();
      ctx.fillText(String(index + 1), at + 3 * devicePixelRatio, bbox.top + 12 * devicePixelRatio);
    }
    ctx.restore();
  }
}

/** The limits of the target band as lines, so that they are also in the text alternative. */
function targetLines(overview: Overview, timeMs: readonly number[]): Line[] {
  if (!overview.bands.some((band) => band.targets["vpd_kpa"])) return [];
  const limits = (limit: "low" | "high"): (number | null)[] =>
    timeMs.map((at) => {
      const band = overview.bands.find((candidate) => at >= candidate.start_ms && at < candidate.end_ms) ?? overview.bands.at(-1);
      return band?.targets["vpd_kpa"]?.[limit] ?? null;
    });
  const line = (name: string, limit: "low" | "high"): Line => ({
    name,
    unit: "kPa",
    colour: "--sprayed",
    values: limits(limit),
    dashed: true,
  });
  return [line(translate("greenhouse_target_low"), "low"), line(translate("greenhouse_target_high"), "high")];
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
