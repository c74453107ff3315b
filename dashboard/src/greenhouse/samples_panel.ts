// Every sample of one channel, as it was measured: up to 100,000 points in one chart.

import { ask } from "../api/request";
import type { View } from "../app/view";
import { Chart } from "../components/chart";
import { make, setText } from "../components/dom";
import { Progress } from "../components/progress";
import { numberText } from "../i18n/numbers";
import { channelName, word } from "../i18n/translate";
import type { Overview } from "./records";

export const MOST_POINTS = 100_000;

interface SeriesAnswer {
  aggregation: { method: string; step_ms: number | null } | null;
  time_ms: number[];
  channels: Record<string, (number | null)[]>;
  units: Record<string, string>;
}

export class SamplesPanel {
  readonly element: HTMLDetailsElement;
  readonly #device = make("select", { id: "samples-device", onchange: () => void this.#offer() });
  readonly #channel = make("select", { id: "samples-channel", onchange: () => void this.#draw() });
  readonly #said = make("p", { class: "note", role: "status" });
  readonly #progress = new Progress();
  readonly #chart = new Chart({ name: word("greenhouse_samples"), heightPx: 260, onZoom: (startMs, endMs) => void this.#draw(startMs, endMs) });
  #overview: Overview | null = null;

  /** The newest of each counts: an answer that comes late is not of what is chosen now. */
  #offers = 0;
  #draws = 0;

  constructor(readonly view: View) {
    const field = (control: HTMLElement, text: string): HTMLElement => make("div", { class: "labelled" }, make("label", { for: control.id }, text), control);
    this.element = make("details", { class: "card fold", "data-panel": "samples" }, make("summary", {}, make("h2", {}, word("greenhouse_samples"))),
      make("div", { class: "fold-place" }, make("p", { class: "note" }, word("greenhouse_samples_about")),
        make("div", { class: "choices-row" }, field(this.#device, word("greenhouse_device")), field(this.#channel, word("quantity"))),
        this.#progress.element, this.#chart.element, this.#said));
    this.element.addEventListener("toggle", () => {
      if (this.element.open) void this.#offer();
    });
    view.onLeave(() => this.#chart.close());
  }

  show(overview: Overview): void {
    this.#overview = overview;
    const chosen = this.#device.value;
    this.#device.replaceChildren(...overview.devices.map((device) => make("option", { value: device, selected: device === chosen }, this.view.farm.nameOf(device))));
    if (this.element.open) void this.#offer();
  }

  async #offer(): Promise<void> {
    const device = this.#device.value;
    if (device === "") return;
    const turn = ++this.#offers;
    const detail = await this.#progress.run(() => this.view.farm.detail(device));
    if (detail === null || turn !== this.#offers) return;
    const chosen = this.#channel.value || "air_temperature_degc";
    this.#channel.replaceChildren(...Object.keys(detail.channels).map((channel) => make("option", { value: channel, selected: channel === chosen }, channelName(channel))));
    await this.#draw();
  }

  async #draw(startMs = this.#overview?.start_ms, endMs = this.#overview?.end_ms): Promise<void> {
    const channel = this.#channel.value;
    if (channel === "" || startMs === undefined || endMs === undefined) return;
    const turn = ++this.#draws;
    const query = { channel, start: Math.round(startMs), end: Math.round(endMs), max_points: MOST_POINTS };
    const found = await this.#progress.run(() => ask<SeriesAnswer>(`/v1/devices/${encodeURIComponent(this.#device.value)}/series`, { query, signal: this.view.signal, patienceMs: 60_000 }));
    if (found === null || turn !== this.#draws) return;
    this.#chart.draw(found.time_ms, [{ name: channelName(channel), unit: found.units[channel] ?? "1", tone: "--cool", values: found.channels[channel] ?? [] }]);
    const count = numberText(found.time_ms.length, 0);
    const step = found.aggregation?.step_ms ?? null;
    setText(this.#said, step === null ? word("greenhouse_samples_all", { count }) : word("greenhouse_samples_means", { count, seconds: numberText(step / 1000, 0) }));
    this.element.dataset["points"] = String(found.time_ms.length);
  }
}
