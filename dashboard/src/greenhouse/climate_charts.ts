// The two charts of a house: the deficit against its band, and dew against the coldest surface; notes stand on both.

import type uPlot from "uplot";

import { Chart, type Line } from "../components/chart";
import { make } from "../components/dom";
import { channelName, word } from "../i18n/translate";
import { merge } from "./merge";
import type { Overview } from "./records";

const GROUP = "house";

/** What is drawn beside the house: another one, or the same at another time, `moveMs` before. */
export interface Beside {
  name: string;
  overview: Overview;
  moveMs: number;
}

export class ClimateCharts {
  readonly element: HTMLElement;
  readonly #deficit: Chart;
  readonly #dew: Chart;
  #overview: Overview | null = null;

  constructor(onZoom: (startMs: number, endMs: number) => void) {
    const common = { group: GROUP, onZoom, heightPx: 240 };
    this.#deficit = new Chart({ ...common, name: word("greenhouse_deficit"), overlay: (plot) => this.#overlay(plot, "vpd_kpa", "kPa") });
    this.#dew = new Chart({ ...common, name: word("greenhouse_dew"), overlay: (plot) => this.#overlay(plot, null, "degC") });
    const card = (title: string, about: string, chart: Chart, panel: string): HTMLElement =>
      make("section", { class: "card", "data-panel": panel }, make("h2", {}, title), make("p", { class: "note" }, about), chart.element);
    this.element = make("div", { class: "panels" },
      card(word("greenhouse_deficit"), word("greenhouse_deficit_about"), this.#deficit, "deficit"),
      card(word("greenhouse_dew"), word("greenhouse_dew_about"), this.#dew, "dew"));
  }

  draw(overview: Overview, beside: Beside | null): void {
    this.#overview = overview;
    const tones: Record<string, string> = { vpd_kpa: "--accent", air_temperature_degc: "--warm", dew_point_degc: "--cool", coldest_surface_degc: "--track", outside_temperature_degc: "--stale" };
    const drawn = (names: string[], compared: string[], chart: Chart): void => {
      const { samples } = overview;
      const present = names.filter((name) => samples.channels[name] !== undefined);
      const others = beside === null ? [] : compared.filter((name) => beside.overview.samples.channels[name] !== undefined);
      const columnsOf = (of: Overview, which: string[]): (number | null)[][] => which.map((name) => of.samples.channels[name] ?? []);
      const joined = beside === null
        ? { timeMs: samples.time_ms, columns: columnsOf(overview, present) }
        : merge({ timeMs: samples.time_ms, columns: columnsOf(overview, present) }, { timeMs: beside.overview.samples.time_ms, columns: columnsOf(beside.overview, others) }, beside.moveMs);
      const lines = [...present, ...others].map((name, index): Line => ({
        name: index < present.length ? nameOf(name) : `${nameOf(name)} – ${beside?.name ?? ""}`,
        unit: samples.units[name] ?? "1", tone: tones[name] ?? "--muted", values: joined.columns[index] ?? [], dashed: index >= present.length,
      }));
      chart.draw(joined.timeMs, [...lines, ...(chart === this.#deficit ? targetLines(overview, joined.timeMs) : [])]);
    };
    drawn(["vpd_kpa"], ["vpd_kpa"], this.#deficit);
    drawn(["air_temperature_degc", "dew_point_degc", "coldest_surface_degc", "outside_temperature_degc"], ["air_temperature_degc", "dew_point_degc"], this.#dew);
  }

  close(): void {
    this.#deficit.close();
    this.#dew.close();
  }

  #overlay(plot: uPlot, banded: string | null, scale: string): void {
    const overview = this.#overview;
    if (overview === null || plot.data[0].length === 0) return;
    const { ctx, bbox } = plot;
    const tone = (name: string): string => getComputedStyle(this.element).getPropertyValue(name).trim();
    const right = bbox.left + bbox.width;
    const across = (timeMs: number): number => Math.min(right, Math.max(bbox.left, plot.valToPos(timeMs, "x", true)));
    const fill = (fromMs: number, toMs: number, top: number, bottom: number, colour: string): void => {
      ctx.fillStyle = tone(colour);
      ctx.fillRect(across(fromMs), top, Math.max(1, across(toMs) - across(fromMs)), Math.max(0, bottom - top));
    };
    ctx.save();
    ctx.globalAlpha = 0.16;
    if (banded !== null) {
      for (const band of overview.bands) {
        const target = band.targets[banded];
        if (target === undefined) continue;
        const within = (value: number): number => Math.min(bbox.top + bbox.height, Math.max(bbox.top, plot.valToPos(value, scale, true)));
        fill(band.start_ms, band.end_ms, within(target.high), within(target.low), "--sprayed");
      }
    } else for (const event of overview.events) fill(event.start_ms, event.end_ms, bbox.top, bbox.top + bbox.height, "--bad");
    ctx.globalAlpha = 1;
    ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
    for (const [index, note] of overview.grower_notes.entries()) {
      const at = plot.valToPos(note.time_ms, "x", true);
      if (at < bbox.left || at > right) continue;
      ctx.strokeStyle = ctx.fillStyle = tone("--amber");
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

/** The edges of the stage's band as lines: so that they are in sight, and in words for who does not see the band. */
function targetLines(overview: Overview, timeMs: readonly number[]): Line[] {
  if (!overview.bands.some((band) => band.targets["vpd_kpa"])) return [];
  const edge = (which: "low" | "high"): (number | null)[] => timeMs.map((at) => {
    const band = overview.bands.find((one) => at >= one.start_ms && at < one.end_ms) ?? overview.bands.at(-1);
    return band?.targets["vpd_kpa"]?.[which] ?? null;
  });
  const line = (name: string, which: "low" | "high"): Line => ({ name, unit: "kPa", tone: "--sprayed", values: edge(which), dashed: true });
  return [line(word("greenhouse_target_low"), "low"), line(word("greenhouse_target_high"), "high")];
}

export function nameOf(name: string): string {
  return name === "coldest_surface_degc" ? word("greenhouse_coldest") : name === "vpd_kpa" ? word("greenhouse_vpd") : name === "dew_point_degc" ? word("greenhouse_dew_point") : channelName(name);
}
