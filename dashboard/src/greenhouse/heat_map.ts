// The places of a house by hour, as colours: to see the corner that is colder. Arrow keys read it cell by cell.

import { make, setText } from "../components/dom";
import { formatInstant } from "../i18n/instants";
import { digitsOf, numberText, unitText } from "../i18n/numbers";
import { word } from "../i18n/translate";
import { nameOf } from "./climate_charts";
import type { Overview } from "./records";

const ROW_PX = 26;
const LOW: readonly [number, number, number] = [43, 102, 172];
const MIDDLE: readonly [number, number, number] = [240, 236, 214];
const HIGH: readonly [number, number, number] = [188, 64, 20];

export class HeatMap {
  readonly element: HTMLElement;
  readonly #choose = make("select", { id: "heat-quantity", onchange: () => this.#draw() });
  readonly #canvas = make("canvas", { tabindex: 0, role: "img", class: "heat", "aria-label": word("greenhouse_places") });
  readonly #said = make("p", { class: "note", role: "status" });
  readonly #names = make("div", { class: "heat-names", "aria-hidden": "true" });
  readonly #table = make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("greenhouse_places") });
  #overview: Overview | null = null;
  #at: [row: number, hour: number] = [0, 0];

  constructor() {
    this.#canvas.addEventListener("pointermove", (event) => {
      const box = this.#canvas.getBoundingClientRect();
      this.#look(Math.floor((event.clientY - box.top) / ROW_PX), Math.floor(((event.clientX - box.left) / box.width) * this.#hours));
    });
    this.#canvas.addEventListener("keydown", (event) => {
      const steps: Record<string, [number, number]> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
      const step = steps[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.#look(this.#at[0] + step[0], this.#at[1] + step[1]);
    });
    this.element = make("section", { class: "card", "data-panel": "places" },
      make("h2", {}, word("greenhouse_places")),
      make("p", { class: "note" }, word("greenhouse_places_about")),
      make("div", { class: "labelled" }, make("label", { for: "heat-quantity" }, word("quantity")), this.#choose),
      make("div", { class: "heat-row" }, this.#names, this.#canvas), this.#said, this.#table);
  }

  get #hours(): number {
    return this.#overview?.map.time_ms.length ?? 0;
  }

  show(overview: Overview): void {
    this.#overview = overview;
    const present = Object.keys(overview.map.units).filter((name) => overview.map.places.some((place) => place.channels[name]?.some((value) => value !== null)));
    const chosen = this.#choose.value;
    this.#choose.replaceChildren(...present.map((name) => make("option", { value: name, selected: name === chosen }, nameOf(name))));
    this.#draw();
  }

  #draw(): void {
    const overview = this.#overview;
    const quantity = this.#choose.value;
    if (overview === null) return;
    const { places } = overview.map;
    const unit = overview.map.units[quantity] ?? "1";
    const known = places.flatMap((place) => (place.channels[quantity] ?? []).filter((value): value is number => value !== null));
    this.element.querySelector(".heat-row")?.toggleAttribute("hidden", known.length === 0);
    if (known.length === 0) {
      setText(this.#said, word("chart_none"));
      this.#table.replaceChildren();
      return;
    }
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const say = (value: number): string => `${numberText(value, digitsOf(unit))} ${unitText(unit)}`;
    [this.#canvas.width, this.#canvas.height] = [this.#hours, places.length];
    this.#canvas.style.height = `${places.length * ROW_PX}px`;
    this.#canvas.setAttribute("aria-label", word("greenhouse_heat_label", { name: nameOf(quantity), low: say(low), high: say(high) }));
    const picture = this.#canvas.getContext("2d");
    if (picture === null) return;
    const pixels = picture.createImageData(this.#hours, places.length);
    for (const [row, place] of places.entries()) {
      for (const [hour, value] of (place.channels[quantity] ?? []).entries()) {
        if (value !== null) pixels.data.set([...colour(high > low ? (value - low) / (high - low) : 0.5), 255], 4 * (row * this.#hours + hour));
      }
    }
    picture.putImageData(pixels, 0, 0);
    this.#names.replaceChildren(...places.map((place) => make("span", {}, place.name)));
    setText(this.#said, word("greenhouse_heat_label", { name: nameOf(quantity), low: say(low), high: say(high) }));
    this.#table.replaceChildren(make("table", {},
      make("caption", { class: "hidden" }, word("greenhouse_places")),
      make("thead", {}, make("tr", {}, ...[word("greenhouse_place"), word("greenhouse_lowest"), word("greenhouse_mean"), word("greenhouse_highest"), word("greenhouse_hours_known")].map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...places.map((place) => {
        const values = (place.channels[quantity] ?? []).filter((value): value is number => value !== null);
        const shown = values.length === 0 ? ["—", "—", "—"] : [Math.min(...values), values.reduce((sum, value) => sum + value, 0) / values.length, Math.max(...values)].map(say);
        return make("tr", {}, make("th", { scope: "row" }, place.name), ...shown.map((text) => make("td", {}, text)), make("td", {}, `${values.length} / ${this.#hours}`));
      }))));
  }

  #look(row: number, hour: number): void {
    const overview = this.#overview;
    if (overview === null) return;
    this.#at = [Math.max(0, Math.min(overview.map.places.length - 1, row)), Math.max(0, Math.min(this.#hours - 1, hour))];
    const place = overview.map.places[this.#at[0]];
    const atMs = overview.map.time_ms[this.#at[1]];
    const value = place?.channels[this.#choose.value]?.[this.#at[1]] ?? null;
    const unit = overview.map.units[this.#choose.value] ?? "1";
    if (!place || atMs === undefined) return;
    const when = formatInstant(atMs, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    setText(this.#said, `${place.name}, ${when}: ${value === null ? word("reason_insufficient_data") : `${numberText(value, digitsOf(unit))} ${unitText(unit)}`}`);
  }
}

function colour(share: number): [number, number, number] {
  const [from, to, part] = share < 0.5 ? [LOW, MIDDLE, share * 2] : [MIDDLE, HIGH, share * 2 - 1];
  return [0, 1, 2].map((index) => Math.round((from[index] as number) + part * ((to[index] as number) - (from[index] as number)))) as [number, number, number];
}
