// Heat map of the places in a greenhouse by hour. Arrow keys move over its cells.

import "../i18n/greenhouse";
import { make, setText } from "../components/dom";
import { formatInstant } from "../i18n/instants";
import { numberText, reasonText, unitText } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { channelName, translate, zoneText } from "../i18n/translate";
import type { Overview } from "./records";

const ROW_PX = 26;
const LOW: readonly [number, number, number] = [43, 102, 172];
const MIDDLE: readonly [number, number, number] = [240, 236, 214];
const HIGH: readonly [number, number, number] = [188, 64, 20];

export class HeatMap {
  readonly element: HTMLElement;
  readonly #quantitySelect = make("select", { id: "heat-quantity", onchange: () => this.#draw() });
  readonly #canvas = make("canvas", { tabindex: 0, role: "img", class: "heat", "aria-label": translate("greenhouse_places") });
  readonly #status = make("p", { class: "note", role: "status" });
  readonly #names = make("div", { class: "heat-names", "aria-hidden": "true" });
  readonly #table = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": translate("greenhouse_places") });
  #overview: Overview | null = null;
  #selected: [row: number, hour: number] = [0, 0];

  constructor() {
    this.#canvas.addEventListener("pointermove", (event) => {
      const box = this.#canvas.getBoundingClientRect();
      this.#selectCell(Math.floor((event.clientY - box.top) / ROW_PX), Math.floor(((event.clientX - box.left) / box.width) * this.#hours));
    });
    this.#canvas.addEventListener("keydown", (event) => {
      const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.#selectCell(this.#selected[0] + step[0], this.#selected[1] + step[1]);
    });
    this.element = make(
      "section",
      { class: "card", "data-panel": "places" },
      make("h2", {}, translate("greenhouse_places")),
      make("p", { class: "note" }, translate("greenhouse_places_about")),
      make("div", { class: "labelled" }, make("label", { for: "heat-quantity" }, translate("quantity")), this.#quantitySelect),
      make("div", { class: "heat-row" }, this.#names, this.#canvas),
      this.#status,
      this.#table,
    );
  }

  get #hours(): number {
    return this.#overview?.map.time_ms.length ?? 0;
  }

  show(overview: Overview): void {
    this.#overview = overview;
    const present = Object.keys(overview.map.units).filter((name) =>
      overview.map.places.some((place) => place.channels[name]?.some((value) => value !== null)),
    );
    const selected = this.#quantitySelect.value;
    this.#quantitySelect.replaceChildren(
      ...present.map((name) => make("option", { value: name, selected: name === selected }, channelName(name))),
    );
    this.#draw();
  }

  #draw(): void {
    const overview = this.#overview;
    const quantity = this.#quantitySelect.value;
    if (overview === null) return;
    const { places } = overview.map;
    const unit = overview.map.units[quantity] ?? "1";
    const values = places.flatMap((place) => (place.channels[quantity] ?? []).filter((value): value is number => value !== null));
    this.element.querySelector(".heat-row")?.toggleAttribute("hidden", values.length === 0);
    if (values.length === 0) {
      setText(this.#status, translate("chart_none"));
      this.#table.replaceChildren();
      return;
    }
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const format = (value: number): string => `${numberText(value, digitsOf(unit, quantity))} ${unitText(unit)}`;
    [this.#canvas.width, this.#canvas.height] = [this.#hours, places.length];
    this.#canvas.style.height = `${places.length * ROW_PX}px`;
    this.#canvas.setAttribute(
      "aria-label",
      translate("greenhouse_heat_label", { name: channelName(quantity), low: format(low), high: format(high) }),
    );
    const context = this.#canvas.getContext("2d");
    if (context === null) return;
    const image = context.createImageData(this.#hours, places.length);
    for (const [row, place] of places.entries()) {
      for (const [hour, value] of (place.channels[quantity] ?? []).entries()) {
        if (value !== null)
          image.data.set([...colour(high > low ? (value - low) / (high - low) : 0.5), 255], 4 * (row * this.#hours + hour));
      }
    }
    context.putImageData(image, 0, 0);
    this.#names.replaceChildren(...places.map((place) => make("span", {}, zoneText(place.name))));
    setText(this.#status, translate("greenhouse_heat_label", { name: channelName(quantity), low: format(low), high: format(high) }));
    this.#table.replaceChildren(
      make(
        "table",
        {},
        make("caption", { class: "hidden" }, translate("greenhouse_places")),
        make(
          "thead",
          {},
          make(
            "tr",
            {},
            ...[
              translate("greenhouse_place"),
              translate("greenhouse_lowest"),
              translate("greenhouse_mean"),
              translate("greenhouse_highest"),
              translate("greenhouse_hours_known"),
            ].map((head) => make("th", { scope: "col" }, head)),
          ),
        ),
        make(
          "tbody",
          {},
          ...places.map((place) => {
            const values = (place.channels[quantity] ?? []).filter((value): value is number => value !== null);
            const statistics =
              values.length === 0
                ? ["—", "—", "—"]
                : [Math.min(...values), values.reduce((sum, value) => sum + value, 0) / values.length, Math.max(...values)].map(format);
            return make(
              "tr",
              {},
              make("th", { scope: "row" }, zoneText(place.name)),
              ...statistics.map((text) => make("td", {}, text)),
              make("td", {}, `${values.length} / ${this.#hours}`),
            );
          }),
        ),
      ),
    );
  }

  #selectCell(row: number, hour: number): void {
    const overview = this.#overview;
    if (overview === null) return;
    this.#selected = [Math.max(0, Math.min(overview.map.places.length - 1, row)), Math.max(0, Math.min(this.#hours - 1, hour))];
    const place = overview.map.places[this.#selected[0]];
    const atMs = overview.map.time_ms[this.#selected[1]];
    const quantity = this.#quantitySelect.value;
    const value = place?.channels[quantity]?.[this.#selected[1]] ?? null;
    const unit = overview.map.units[quantity] ?? "1";
    if (!place || atMs === undefined) return;
    const when = formatInstant(atMs, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    setText(
      this.#status,
      `${zoneText(place.name)}${translate("comma")}${when}: ${value === null ? reasonText("insufficient_data") : `${numberText(value, digitsOf(unit, quantity))} ${unitText(unit)}`}`,
    );
  }
}

function colour(share: number): [number, number, number] {
  const [from, to, part] = share < 0.5 ? [LOW, MIDDLE, share * 2] : [MIDDLE, HIGH, share * 2 - 1];
  return [0, 1, 2].map((index) => Math.round((from[index] as number) + part * ((to[index] as number) - (from[index] as number)))) as [
    number,
    number,
    number,
  ];
}
