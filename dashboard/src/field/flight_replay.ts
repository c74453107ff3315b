// A pass flown again: a slider over its time, the vehicle on the map, and what it did and said at that moment.

import type uPlot from "uplot";

import { ask } from "../api/request";
import { Chart } from "../components/chart";
import { make, makeSvg, setText } from "../components/dom";
import { partsOf, fixesOf, type Fix } from "../components/trails";
import { clockText, durationText } from "../i18n/instants";
import { withUnit } from "../i18n/numbers";
import { channelName, word } from "../i18n/translate";
import type { FieldMap } from "./field_map";
import type { PassItem } from "./records";

interface Series {
  time_ms: number[];
  channels: Record<string, (number | null)[]>;
  units: Record<string, string>;
  aggregation: { step_ms: number | null } | null;
}

const WANTED = ["latitude_deg", "longitude_deg", "pump_on", "mass_flow_kg_min", "flow_l_min", "ground_speed_m_s", "heading_deg", "relative_altitude_m"];
const LINES: [channel: string, tone: string][] = [["mass_flow_kg_min", "--warm"], ["flow_l_min", "--warm"], ["ground_speed_m_s", "--cool"]];
const SPEEDS = [1, 5, 20, 60];
const MOST_POINTS = 100_000;
/** A silence of this length is not drawn as flown. */
const GAP_MS = 5000;
const FRAME_MS = 100;

export class Replay {
  readonly element: HTMLElement;
  readonly #map: FieldMap;
  readonly #slider = make("input", { type: "range", min: 0, max: 1, step: 100, value: 0, "aria-label": word("field_replay_time") });
  readonly #play = make("button", { type: "button", class: "secondary" }, word("field_play"));
  readonly #speed = make("select", { "aria-label": word("field_replay_speed") }, ...SPEEDS.map((speed) => make("option", { value: speed }, `× ${speed}`)));
  readonly #said = make("output", { class: "replay-said" });
  readonly #note = make("p", { class: "note" });
  readonly #chart: Chart;
  readonly #arrow = makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: "M12 2 19 21 12 17 5 21Z" }));
  readonly #mark = make("div", { class: "mark vehicle-mark replay-mark", role: "img", "aria-label": word("field_replay") });
  #series: Series | null = null;
  #fixes: Fix[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(map: FieldMap) {
    this.#map = map;
    this.#mark.append(this.#arrow);
    this.#speed.value = "20";
    this.#chart = new Chart({ name: word("field_replay"), heightPx: 200, overlay: (plot) => this.#drawNow(plot) });
    this.element = make("section", { class: "card replay", "data-panel": "replay" },
      make("h2", {}, word("field_replay")),
      make("div", { class: "replay-bar" }, this.#play, this.#slider, this.#speed),
      this.#said, this.#chart.element, this.#note);
    this.#slider.addEventListener("input", () => this.#show());
    this.#play.addEventListener("click", () => (this.#timer === null ? this.#start() : this.#stop()));
  }

  get points(): number {
    return this.#series?.time_ms.length ?? 0;
  }

  async load(pass: PassItem, known: string[], signal: AbortSignal): Promise<void> {
    this.#stop();
    const channels = WANTED.filter((channel) => known.includes(channel));
    if (!channels.includes("latitude_deg") || !channels.includes("longitude_deg")) {
      this.#nothing();
      return;
    }
    const series = await ask<Series>(`/v1/devices/${encodeURIComponent(pass.device)}/series`, {
      signal, query: { channel: channels, start: pass.start_ms, end: pass.end_ms, max_points: MOST_POINTS },
    });
    this.#series = series;
    this.#fixes = fixesOf(series);
    const [first, last] = [this.#fixes[0], this.#fixes.at(-1)];
    if (!first || !last) {
      this.#nothing();
      return;
    }
    Object.assign(this.#slider, { min: String(first.timeMs), max: String(last.timeMs), value: String(first.timeMs) });
    setText(this.#note, series.aggregation?.step_ms ? word("field_replay_means", { seconds: series.aggregation.step_ms / 1000 }) : "");
    this.#map.ground.show("track", { type: "FeatureCollection", features: [{ type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: partsOf(this.#fixes, GAP_MS) } }] }, []);
    const lines = LINES.filter(([channel]) => series.channels[channel]?.some((value) => value !== null)).map(([channel, tone]) => ({
      name: channelName(channel), unit: series.units[channel] ?? "", tone, values: series.channels[channel] ?? [],
    }));
    this.#chart.element.hidden = lines.length === 0;
    if (lines.length > 0) this.#chart.draw(series.time_ms, lines);
    this.#show();
  }

  close(): void {
    this.#stop();
    this.#chart.close();
  }

  #nothing(): void {
    this.#series = null;
    setText(this.#note, word("field_replay_none"));
    this.#chart.element.hidden = true;
    this.#play.disabled = this.#slider.disabled = true;
  }

  #start(): void {
    if (this.#series === null) return;
    if (Number(this.#slider.value) >= Number(this.#slider.max)) this.#slider.value = this.#slider.min;
    setText(this.#play, word("field_pause"));
    this.#timer = setInterval(() => {
      this.#slider.value = String(Number(this.#slider.value) + FRAME_MS * Number(this.#speed.value));
      this.#show();
      if (Number(this.#slider.value) >= Number(this.#slider.max)) this.#stop();
    }, FRAME_MS);
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    setText(this.#play, word("field_play"));
  }

  #show(): void {
    const series = this.#series;
    if (series === null) return;
    const atMs = Number(this.#slider.value);
    const here = lastBefore(this.#fixes.map((fix) => fix.timeMs), atMs);
    const fix = this.#fixes[here];
    if (!fix) return;
    const row = lastBefore(series.time_ms, atMs);
    const value = (channel: string): number | null => lastKnown(series, channel, row);
    const heading = value("heading_deg");
    this.#arrow.style.transform = `rotate(${heading ?? 0}deg)`;
    this.#map.ground.mark("replay", this.#mark, fix.longitudeDeg, fix.latitudeDeg);
    this.#map.ground.show("flown", this.#flown(here, series), []);
    const said = [clockText(atMs), durationText((atMs - Number(this.#slider.min)) / 1000)];
    for (const [channel, digits] of [["ground_speed_m_s", 1], ["relative_altitude_m", 1], ["mass_flow_kg_min", 1], ["flow_l_min", 1]] as const) {
      const known = value(channel);
      if (known !== null) said.push(`${channelName(channel)} ${withUnit(known, series.units[channel] ?? "", digits)}`);
    }
    const pump = value("pump_on");
    if (pump !== null) said.push(`${word("field_pump")} ${word(pump > 0.5 ? "on" : "off")}`);
    const text = said.join(" · ");
    setText(this.#said, text);
    this.#slider.setAttribute("aria-valuetext", text);
    this.#chart.plot?.redraw(false);
  }

  // What was flown so far, thick where the feeder was told to be on: that is a command, not an amount.
  #flown(until: number, series: Series): GeoJSON.FeatureCollection {
    const parts: { on: boolean; fixes: Fix[] }[] = [];
    const pumps = series.channels["pump_on"];
    let [on, row] = [false, 0];
    for (const fix of this.#fixes.slice(0, until + 1)) {
      const before = parts.at(-1);
      for (; row < series.time_ms.length && (series.time_ms[row] as number) <= fix.timeMs; row += 1) on = (pumps?.[row] ?? Number(on)) > 0.5;
      if (before && before.on === on) before.fixes.push(fix);
      else parts.push({ on, fixes: [...(before?.fixes.slice(-1) ?? []), fix] });
    }
    return {
      type: "FeatureCollection",
      features: parts.map((part) => ({ type: "Feature", properties: { on: part.on }, geometry: { type: "MultiLineString", coordinates: partsOf(part.fixes, GAP_MS) } })),
    };
  }

  #drawNow(plot: uPlot): void {
    const x = plot.valToPos(Number(this.#slider.value), "x", true);
    plot.ctx.save();
    plot.ctx.strokeStyle = getComputedStyle(this.element).getPropertyValue("--ink");
    plot.ctx.lineWidth = 2;
    plot.ctx.beginPath();
    plot.ctx.moveTo(x, plot.bbox.top);
    plot.ctx.lineTo(x, plot.bbox.top + plot.bbox.height);
    plot.ctx.stroke();
    plot.ctx.restore();
  }
}

/** Return the index of the last time that is not after `atMs`, 0 before the first. */
export function lastBefore(timeMs: readonly number[], atMs: number): number {
  let [low, high] = [0, timeMs.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((timeMs[middle] as number) <= atMs) low = middle;
    else high = middle - 1;
  }
  return low;
}

// Channels of one axis have their own times: what was said last within a few seconds holds.
function lastKnown(series: Series, channel: string, row: number): number | null {
  const values = series.channels[channel];
  if (!values) return null;
  for (let index = row; index >= 0 && (series.time_ms[row] as number) - (series.time_ms[index] as number) <= GAP_MS; index -= 1) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
