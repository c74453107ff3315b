// Replay of a pass: a slider over its time, the vehicle on the map, and its values at that instant.

import "../i18n/field";
import "../i18n/map_legend";
import type uPlot from "uplot";

import type { Choice } from "../api/last_choice";
import { request } from "../api/request";
import { Chart } from "../components/chart";
import { make, makeSvg, setText } from "../components/dom";
import { FLIGHT, FLIGHT_MOMENT, FLOWS, SPEED } from "../components/shown_quantities";
import { splitAtGaps, fixesOf, type Fix } from "../components/trails";
import { clockText, stopwatchText } from "../i18n/instants";
import { withUnit } from "../i18n/numbers";
import { channelName, translate } from "../i18n/translate";
import type { FieldMap } from "./field_map";
import type { PassItem } from "./records";

interface Series {
  time_ms: number[];
  channels: Record<string, (number | null)[]>;
  units: Record<string, string>;
  aggregation: { step_ms: number | null } | null;
}

const SPEEDS = [1, 5, 20, 60];
const MAX_POINTS = 100_000;
/** A longer time without a position breaks the track. */
const GAP_MS = 5000;
const FRAME_MS = 100;

export class FlightReplay {
  readonly element: HTMLElement;
  readonly #map: FieldMap;
  readonly #slider = make("input", { type: "range", min: 0, max: 1, step: 100, value: 0, "aria-label": translate("field_replay_time") });
  readonly #play = make("button", { type: "button", class: "secondary" }, translate("field_play"));
  readonly #speed = make(
    "select",
    { "aria-label": translate("field_replay_speed") },
    ...SPEEDS.map((speed) => make("option", { value: speed }, `× ${speed}`)),
  );
  readonly #state = make("output", { class: "replay-state" });
  readonly #note = make("p", { class: "note" });
  readonly #chart: Chart;
  readonly #arrow = makeSvg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: "M12 2 19 21 12 17 5 21Z" }));
  readonly #mark = make("div", { class: "mark vehicle-mark replay-mark", role: "img", "aria-label": translate("field_replay") });
  #series: Series | null = null;
  #fixes: Fix[] = [];
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(map: FieldMap) {
    this.#map = map;
    this.#mark.append(this.#arrow);
    this.#speed.value = "20";
    this.#chart = new Chart({
      name: translate("field_replay"),
      heightPx: 200,
      overlay: { draw: (plot) => this.#drawCursor(plot), marks: () => [{ name: translate("field_replay_time"), colour: "--ink" }] },
    });
    this.element = make(
      "section",
      { class: "card replay", "data-panel": "replay" },
      make("h2", {}, translate("field_replay")),
      make("div", { class: "replay-bar" }, this.#play, this.#slider, this.#speed),
      this.#state,
      this.#chart.element,
      this.#note,
    );
    this.#slider.addEventListener("input", () => this.#show());
    this.#play.addEventListener("click", () => (this.#timer === null ? this.#start() : this.#stop()));
  }

  get points(): number {
    return this.#series?.time_ms.length ?? 0;
  }

  /** Display no flight until another is loaded. */
  clear(): void {
    this.#stop();
    this.#series = null;
    this.#fixes = [];
    this.#chart.element.hidden = true;
    this.#play.disabled = this.#slider.disabled = true;
    for (const place of [this.#note, this.#state]) setText(place, "");
  }

  async load(pass: PassItem, available: string[], { signal, of }: Choice): Promise<void> {
    const channels = FLIGHT.filter((channel) => available.includes(channel));
    if (!channels.includes("latitude_deg") || !channels.includes("longitude_deg")) {
      this.#showUnavailable();
      return;
    }
    const series = await of(
      request<Series>(`/v1/devices/${encodeURIComponent(pass.device)}/series`, {
        signal,
        query: { channel: channels, start: pass.start_ms, end: pass.end_ms, max_points: MAX_POINTS },
      }),
    );
    // A map that failed to start has the replay all the same.
    await of(this.#map.view.ready.catch(() => undefined));
    this.#fixes = fixesOf(series);
    const [first, last] = [this.#fixes[0], this.#fixes.at(-1)];
    if (!first || !last) {
      this.#showUnavailable();
      return;
    }
    this.#series = series;
    this.#play.disabled = this.#slider.disabled = false;
    Object.assign(this.#slider, { min: String(first.timeMs), max: String(last.timeMs), value: String(first.timeMs) });
    setText(this.#note, series.aggregation?.step_ms ? translate("field_replay_means", { seconds: series.aggregation.step_ms / 1000 }) : "");
    this.#map.view.setSource(
      "track",
      {
        type: "FeatureCollection",
        features: [
          { type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: splitAtGaps(this.#fixes, GAP_MS) } },
        ],
      },
      [],
    );
    this.#map.drawSwaths({
      type: "FeatureCollection",
      features: this.#flownPart(this.#fixes.length - 1, series).features.filter(({ properties }) => properties?.["on"] === true),
    });
    const drawn = [...FLOWS, SPEED].filter((channel) => series.channels[channel]?.some((value) => value !== null));
    const lines = drawn.map((channel) => ({
      name: channelName(channel),
      unit: series.units[channel] ?? "",
      colour: channel === SPEED ? "--cool" : "--warm",
      values: series.channels[channel] ?? [],
    }));
    this.#chart.element.hidden = lines.length === 0;
    if (lines.length > 0) this.#chart.draw(series.time_ms, lines);
    this.#show();
  }

  close(): void {
    this.#stop();
    this.#chart.close();
  }

  #showUnavailable(): void {
    this.clear();
    setText(this.#note, translate("field_replay_none"));
  }

  #start(): void {
    if (this.#series === null) return;
    if (Number(this.#slider.value) >= Number(this.#slider.max)) this.#slider.value = this.#slider.min;
    setText(this.#play, translate("field_pause"));
    this.#timer = setInterval(() => {
      this.#slider.value = String(Number(this.#slider.value) + FRAME_MS * Number(this.#speed.value));
      this.#show();
      if (Number(this.#slider.value) >= Number(this.#slider.max)) this.#stop();
    }, FRAME_MS);
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    setText(this.#play, translate("field_play"));
  }

  #show(): void {
    const series = this.#series;
    if (series === null) return;
    const atMs = Number(this.#slider.value);
    const fixIndex = lastBefore(
      this.#fixes.map((fix) => fix.timeMs),
      atMs,
    );
    const fix = this.#fixes[fixIndex];
    if (!fix) return;
    const row = lastBefore(series.time_ms, atMs);
    const value = (channel: string): number | null => lastKnown(series, channel, row);
    const heading = value("heading_deg");
    this.#arrow.style.transform = `rotate(${heading ?? 0}deg)`;
    const { view } = this.#map;
    const means = { colour: view.colour("--cool"), text: translate("legend_replayed") };
    view.setMarker("replay", this.#mark, means, [fix.longitudeDeg, fix.latitudeDeg]);
    view.setSource("flown", this.#flownPart(fixIndex, series), []);
    const texts = [clockText(atMs), stopwatchText((atMs - Number(this.#slider.min)) / 1000)];
    for (const channel of FLIGHT_MOMENT) {
      const current = value(channel);
      if (current !== null) texts.push(`${channelName(channel)} ${withUnit(current, series.units[channel] ?? "")}`);
    }
    const pump = value("pump_on");
    if (pump !== null) texts.push(`${translate("field_pump")} ${translate(pump > 0.5 ? "on" : "off")}`);
    const text = texts.join(" · ");
    setText(this.#state, text);
    this.#slider.setAttribute("aria-valuetext", text);
    this.#chart.plot?.redraw(false);
  }

  // The track up to a fix, thick where the pump or feeder was commanded on: a command, not an amount.
  #flownPart(until: number, series: Series): GeoJSON.FeatureCollection {
    const parts: { on: boolean; fixes: Fix[] }[] = [];
    const pumps = series.channels["pump_on"];
    let [on, row] = [false, 0];
    for (const fix of this.#fixes.slice(0, until + 1)) {
      const previous = parts.at(-1);
      for (; row < series.time_ms.length && (series.time_ms[row] as number) <= fix.timeMs; row += 1)
        on = (pumps?.[row] ?? Number(on)) > 0.5;
      if (previous && previous.on === on) previous.fixes.push(fix);
      else parts.push({ on, fixes: [...(previous?.fixes.slice(-1) ?? []), fix] });
    }
    return {
      type: "FeatureCollection",
      features: parts.map((part) => ({
        type: "Feature",
        properties: { on: part.on },
        geometry: { type: "MultiLineString", coordinates: splitAtGaps(part.fixes, GAP_MS) },
      })),
    };
  }

  #drawCursor(plot: uPlot): void {
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

// Channels on one axis have different times: the last value within the gap limit is valid.
function lastKnown(series: Series, channel: string, row: number): number | null {
  const values = series.channels[channel];
  if (!values) return null;
  for (let index = row; index >= 0 && (series.time_ms[row] as number) - (series.time_ms[index] as number) <= GAP_MS; index -= 1) {
    const value = values[index];
    if (value !== null && value !== undefined) return value;
  }
  return null;
}
