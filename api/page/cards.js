// One card a device: built once, then only its texts change, so that nothing jumps under a finger or a focus.

import { AnswerBasis, answersOf, AnswerTile } from "/page/answers.js";
import { Chart } from "/page/chart.js";
import { make, makeSvg, setText } from "/page/dom.js";
import { TrackMap } from "/page/map.js";
import { ageText, channelName, clockText, kindName, valueParts, word } from "/page/words.js";

const TILES = {
  greenhouse: ["air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s", "global_radiation_w_m2", "vent_open_pct"],
  drone: ["relative_altitude_m", "ground_speed_m_s", "flow_l_min", "mass_flow_kg_min", "hopper_kg", "pump_on", "battery_remaining_pct", "gps_fix_code"],
};
const CHARTS = { greenhouse: ["air_temperature_degc", "relative_humidity_pct"], drone: ["ground_speed_m_s", "flow_l_min", "mass_flow_kg_min"] };
const TONES = ["warm", "cool", "cool"];
const MAX_TILES = 6;
const SPRAYER_SWATH_M = 5;
const SPREADER_SWATH_M = 5.5;

const ICONS = {
  greenhouse: "M3 20V10l9-6 9 6v10H3Zm0-8h18M9 20v-8m6 8v-8",
  drone: "M9 10h6v4H9zM9 10 6 7m9 3 3-3M9 14l-3 3m9-3 3 3M3.5 7a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m-12 10a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
  other: "M12 14v7m-4 0h8M12 14a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 2a8 8 0 0 1 0-10m12 0a8 8 0 0 1 0 10",
};

export class DeviceCard {
  #farm;
  #tiles = new Map();
  #rows = new Map();
  #charts = [];
  #answers = [];

  constructor(farm, device, onSwath) {
    this.#farm = farm;
    this.id = device.id;
    this.kind = device.kind;
    this.swathM = keptSwath(device.id) ?? SPRAYER_SWATH_M;
    this.name = make("h2", { id: `name-${device.id}` });
    this.about = make("p", { class: "about" });
    this.age = make("span", { class: "age" });
    this.badge = make("span", { class: "badge", title: word("simulatedHint") }, word("simulated"));
    const icon = makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: ICONS[device.kind] ?? ICONS.other }));
    this.tiles = make("dl", { class: "tiles" });
    this.table = make("tbody");
    this.element = make("article", { class: `card ${device.kind}`, "aria-labelledby": `name-${device.id}`, "data-device": device.id },
      make("header", {}, icon, make("div", { class: "title" }, this.name, this.about), make("div", { class: "marks" }, this.badge, this.age)),
      this.tiles);
    if (this.kind === "drone") this.#addFlight(onSwath);
    if (this.kind === "greenhouse") this.#addAnswers("climate", this.#window = make("span", { class: "window" }));
    this.#addCharts();
    this.element.append(make("details", { class: "all" }, make("summary", {}, word("allValues")),
      make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {},
        make("th", { scope: "col" }, word("quantity")), make("th", { scope: "col", class: "number" }, word("value")), make("th", { scope: "col", class: "number" }, word("age")))), this.table))));
  }

  #window = null;

  chartChannels() {
    return CHARTS[this.kind] ?? [];
  }

  update() {
    const device = this.#farm.devices.get(this.id);
    if (!device) return;
    setText(this.name, device.name || device.id);
    setText(this.about, [kindName(device.kind), device.site, device.model].filter(Boolean).join(" · "));
    this.badge.hidden = !device.simulated;
    const seen = device.last_seen_ms;
    const old = seen === null || this.#farm.now() - seen > 15_000;
    setText(this.age, seen === null ? word("never") : ageText(this.#farm.now() - seen));
    this.age.classList.toggle("stale", old);
    this.element.classList.toggle("stale", old);
    this.#updateValues();
    this.#updateAnswers();
    const series = this.#farm.charts.get(this.id);
    for (const chart of this.#charts) chart.draw(series);
  }

  #updateValues() {
    const values = this.#farm.latest.get(this.id) ?? {};
    const channels = Object.keys(values);
    const wished = (TILES[this.kind] ?? channels).filter((channel) => channel in values).slice(0, MAX_TILES);
    for (const channel of wished) this.#tile(channel, values[channel]);
    if ("hopper_kg" in values || "mass_flow_kg_min" in values) this.#expectSpreader();
    for (const channel of channels) this.#row(channel, values[channel]);
  }

  // Most spreaders throw wider than sprayers spray; what somebody set stays.
  #expectSpreader() {
    if (keptSwath(this.id) !== null || this.swathM === SPREADER_SWATH_M) return;
    this.swathM = SPREADER_SWATH_M;
    this.swath.value = this.swathM;
  }

  #tile(channel, latest) {
    let tile = this.#tiles.get(channel);
    if (!tile) {
      tile = { number: make("span", { class: "number" }), unit: make("span", { class: "unit" }), age: make("span", { class: "when" }) };
      const name = make("dt", {}, channelName(channel), channel === "pump_on" ? make("small", {}, ` (${word("commanded")})`) : null);
      tile.element = make("div", { class: "tile", "data-channel": channel }, name, make("dd", {}, tile.number, " ", tile.unit, tile.age));
      this.#tiles.set(channel, tile);
      this.tiles.append(tile.element);
    }
    const [number, unit] = valueParts(channel, latest.value, latest.unit);
    setText(tile.number, number);
    setText(tile.unit, unit);
    const stale = this.#farm.isStale(this.id, channel, latest.time_ms);
    tile.element.classList.toggle("stale", stale);
    const age = ageText(this.#farm.now() - latest.time_ms);
    setText(tile.age, [stale ? word("stale") : doubt(latest.quality), age].filter(Boolean).join(" · "));
  }

  #row(channel, latest) {
    let row = this.#rows.get(channel);
    if (!row) {
      row = { value: make("td", { class: "number" }), age: make("td", { class: "number" }) };
      row.element = make("tr", { "data-channel": channel }, make("th", { scope: "row", title: channel }, channelName(channel)), row.value, row.age);
      this.#rows.set(channel, row);
      this.table.append(row.element);
    }
    setText(row.value, [...valueParts(channel, latest.value, latest.unit), doubt(latest.quality)].filter(Boolean).join(" "));
    setText(row.age, ageText(this.#farm.now() - latest.time_ms));
    row.element.classList.toggle("stale", this.#farm.isStale(this.id, channel, latest.time_ms));
  }

  #addCharts() {
    this.#charts = this.chartChannels().map((channel, index) => new Chart(channel, TONES[index]));
    if (this.#charts.length) this.element.append(make("div", { class: "charts" }, ...this.#charts.map((chart) => chart.element)));
  }

  #addFlight(onSwath) {
    this.map = new TrackMap(this.#farm.devices.get(this.id)?.name ?? this.id);
    this.none = make("p", { class: "none", hidden: true }, word("noFlight"));
    const input = this.swath = make("input", { type: "number", min: "0.5", max: "30", step: "0.5", value: this.swathM, inputmode: "decimal" });
    input.addEventListener("change", () => {
      const wanted = Number(input.value);
      if (!(wanted > 0 && wanted <= 100)) {
        input.value = this.swathM;
        return;
      }
      this.swathM = wanted;
      localStorage.setItem(`headland.swath.${this.id}`, String(wanted));
      onSwath(this);
    });
    const swath = make("label", { class: "swath" }, word("swath"), " ", input, " m");
    this.element.append(this.map.element);
    this.#addAnswers("application", this.#window = make("span", { class: "window" }), swath);
    this.element.append(this.none);
  }

  #addAnswers(title, ...beside) {
    this.#answers = answersOf(title).map((spec) => new AnswerTile(spec));
    this.basis = new AnswerBasis();
    this.answers = make("section", { class: "answers" },
      make("header", {}, make("h3", {}, word(title)), ...beside, this.basis.element),
      make("div", { class: "answer-tiles" }, ...this.#answers.map((tile) => tile.element)),
      make("details", { class: "how" }, make("summary", {}, word("how")), make("ul", {}, ...this.#answers.map((tile) => tile.how))));
    this.element.append(this.answers);
  }

  #updateAnswers() {
    if (this.kind === "greenhouse") {
      const climate = this.#farm.climate.get(this.id) ?? null;
      this.#showAnswers(climate);
    } else if (this.kind === "drone") {
      const flight = this.#farm.flights.get(this.id);
      this.none.hidden = flight !== null;
      this.answers.hidden = this.map.element.hidden = flight === null;
      this.#showAnswers(flight?.answers ?? null);
      if (flight) this.map.show(flight, this.#farm.latest.get(this.id)?.heading_deg?.value ?? null);
    }
  }

  #showAnswers(answers) {
    this.basis.update(this.#answers.map((tile) => tile.spec), answers);
    for (const tile of this.#answers) tile.update(answers, this.basis);
    const any = answers && Object.values(answers).find((value) => value?.window);
    if (any && this.#window) setText(this.#window, `${clockText(any.window.start_ms)} – ${clockText(any.window.end_ms)}`);
  }
}

function doubt(quality) {
  return quality > 2 ? word(`quality_${quality}`) : "";
}

function keptSwath(id) {
  const kept = Number(localStorage.getItem(`headland.swath.${id}`));
  return kept > 0 && kept <= 100 ? kept : null;
}

