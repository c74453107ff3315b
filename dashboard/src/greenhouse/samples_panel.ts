// All samples of one channel in a chart, up to 100,000 points.

import "../i18n/greenhouse";
import { LastChoice } from "../api/last_choice";
import { request } from "../api/request";
import type { View } from "../app/view";
import { Chart } from "../components/chart";
import { make, setText } from "../components/dom";
import { labelled } from "../components/parts";
import { Progress } from "../components/progress";
import { numberText } from "../i18n/numbers";
import { fitsQuantity } from "../i18n/quantity_search";
import { channelName, translate } from "../i18n/translate";
import type { Overview } from "./records";

export const MAX_POINTS = 100_000;

interface SeriesAnswer {
  aggregation: { method: string; step_ms: number | null } | null;
  time_ms: number[];
  channels: Record<string, (number | null)[]>;
  units: Record<string, string>;
}

export class SamplesPanel {
  readonly element: HTMLDetailsElement;
  readonly #deviceSelect = make("select", { id: "samples-device", onchange: () => void this.#loadChannels() });
  readonly #channelSelect = make("select", { id: "samples-channel", onchange: () => void this.#loadSamples() });
  readonly #search = make("input", {
    id: "samples-search",
    type: "search",
    autocomplete: "off",
    oninput: () => void this.#offerChannels(),
  });
  #channels: readonly string[] = [];
  readonly #status = make("p", { class: "note", role: "status" });
  readonly #progress = new Progress();
  readonly #chart = new Chart({
    name: translate("greenhouse_samples"),
    heightPx: 260,
    onZoom: (part) => void this.#loadSamples(part?.startMs, part?.endMs),
  });
  #overview: Overview | null = null;
  readonly #lastDevice: LastChoice;
  readonly #lastSamples: LastChoice;

  constructor(readonly view: View) {
    this.#lastDevice = new LastChoice(view.signal);
    this.#lastSamples = new LastChoice(view.signal);
    this.element = make(
      "details",
      { class: "card fold", "data-panel": "samples" },
      make("summary", {}, make("h2", {}, translate("greenhouse_samples"))),
      make(
        "div",
        { class: "fold-place" },
        make("p", { class: "note" }, translate("greenhouse_samples_about")),
        make(
          "div",
          { class: "choices-row" },
          labelled(this.#deviceSelect, translate("device")),
          labelled(this.#search, translate("greenhouse_quantity_search")),
          labelled(this.#channelSelect, translate("quantity")),
        ),
        this.#progress.element,
        this.#chart.element,
        this.#status,
      ),
    );
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void this.#loadChannels();
    });
    view.onLeave(() => this.#chart.close());
  }

  show(overview: Overview): void {
    this.#overview = overview;
    const selected = this.#deviceSelect.value;
    this.#deviceSelect.replaceChildren(
      ...overview.devices.map((device) => make("option", { value: device, selected: device === selected }, this.view.farm.nameOf(device))),
    );
    if (this.element.open) void this.#loadChannels();
  }

  async #loadChannels(): Promise<void> {
    const device = this.#deviceSelect.value;
    if (device === "") return;
    // What is on its way is of the device before.
    this.#lastSamples.end();
    const detail = await this.#progress.run(() => this.#lastDevice.run(() => this.view.farm.detail(device)));
    if (detail === null) return;
    this.#channels = Object.keys(detail.channels);
    await this.#offerChannels();
  }

  /** Offer the quantities that fit what was typed, all where none does; the chosen one stays chosen while it fits. */
  async #offerChannels(): Promise<void> {
    const before = this.#channelSelect.value;
    const fitting = this.#channels.filter((channel) => fitsQuantity(channel, this.#search.value));
    const offered = fitting.length > 0 ? fitting : this.#channels;
    const selected = before || "air_temperature_degc";
    this.#channelSelect.replaceChildren(
      ...offered.map((channel) => make("option", { value: channel, selected: channel === selected }, channelName(channel))),
    );
    if (this.#channelSelect.value !== before || this.#search.value === "") await this.#loadSamples();
  }

  async #loadSamples(startMs = this.#overview?.start_ms, endMs = this.#overview?.end_ms): Promise<void> {
    const [device, channel] = [this.#deviceSelect.value, this.#channelSelect.value];
    if (channel === "" || startMs === undefined || endMs === undefined) return;
    const query = { channel, start: Math.round(startMs), end: Math.round(endMs), max_points: MAX_POINTS };
    const series = await this.#progress.run(() =>
      this.#lastSamples.run(({ signal }) =>
        request<SeriesAnswer>(`/v1/devices/${encodeURIComponent(device)}/series`, { query, signal, timeoutMs: 60_000 }),
      ),
    );
    if (series === null) return;
    this.#chart.draw(series.time_ms, [
      { name: channelName(channel), unit: series.units[channel] ?? "1", colour: "--cool", values: series.channels[channel] ?? [] },
    ]);
    const count = numberText(series.time_ms.length, 0);
    const step = series.aggregation?.step_ms ?? null;
    setText(
      this.#status,
      step === null
        ? translate("greenhouse_samples_all", { count })
        : translate("greenhouse_samples_means", { count, seconds: numberText(step / 1000, 0) }),
    );
    this.element.dataset["points"] = String(series.time_ms.length);
  }
}
