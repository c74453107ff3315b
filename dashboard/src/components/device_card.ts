// One card a device: built once, then only its texts change, so that nothing jumps under a finger or a focus.

import { nowMs } from "../api/clock";
import type { Device, Farm } from "../api/farm_state";
import { ask, sentenceOf } from "../api/request";
import { ageText } from "../i18n/instants";
import { valueParts } from "../i18n/numbers";
import { channelName, kindName, word, type Word } from "../i18n/translate";
import { make, makeSvg, setText } from "./dom";
import { Progress } from "./progress";
import { type Answer, answerTile, doubtText, isStale, ValueTile } from "./value_tile";

const TILES: Record<string, string[]> = {
  greenhouse: ["air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s", "global_radiation_w_m2", "vent_open_pct"],
  drone: ["relative_altitude_m", "ground_speed_m_s", "flow_l_min", "mass_flow_kg_min", "hopper_kg", "pump_on", "battery_remaining_pct", "gps_fix_code"],
};
const MOST_TILES = 6;
const CLIMATE: [string, Word, number][] = [
  ["vpd_kpa", "farm_vpd", 2], ["dew_point_degc", "farm_dew_point", 1], ["humidity_deficit_g_m3", "farm_deficit", 1], ["frost_point_degc", "farm_frost_point", 1],
];
const APPLICATION: [string, Word, number][] = [
  ["product_applied_l", "farm_applied", 2], ["product_applied_kg", "farm_applied", 2], ["area_treated_ha", "farm_treated", 3], ["overlap_m2", "farm_overlap", 0],
  ["mean_rate_l_ha", "farm_rate", 1], ["mean_rate_kg_ha", "farm_rate", 1],
];
const HALF_DAY_MS = 12 * 3_600_000;
const OLD_MS = 15_000;

const ICONS: Record<string, string> = {
  greenhouse: "M3 20V10l9-6 9 6v10H3Zm0-8h18M9 20v-8m6 8v-8",
  drone: "M9 10h6v4H9zM9 10 6 7m9 3 3-3M9 14l-3 3m9-3 3 3M3.5 7a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m-12 10a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0m12 0a2.5 2.5 0 1 0 5 0 2.5 2.5 0 1 0-5 0",
  other: "M12 14v7m-4 0h8M12 14a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-6 2a8 8 0 0 1 0-10m12 0a8 8 0 0 1 0 10",
};

export function kindIcon(kind: string): SVGElement {
  return makeSvg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, makeSvg("path", { d: ICONS[kind] ?? (ICONS["other"] as string) }));
}

export class DeviceCard {
  readonly element: HTMLElement;
  readonly #farm: Farm;
  readonly #id: string;
  readonly #age = make("span", { class: "age" });
  readonly #name = make("h3");
  readonly #about = make("p", { class: "about" });
  readonly #badge = make("span", { class: "badge", title: word("simulated_hint") }, word("simulated"));
  readonly #place = make("p", { class: "place" });
  readonly #tiles = make("dl", { class: "tiles" });
  readonly #rows = make("tbody");
  readonly #all = make("details", { class: "all" });
  readonly #shown = new Map<string, ValueTile>();
  readonly #table = new Map<string, { element: HTMLElement; value: HTMLElement; age: HTMLElement }>();
  #intervals: Record<string, { interval_s: number | null }> = {};

  constructor(farm: Farm, device: Device) {
    this.#farm = farm;
    this.#id = device.id;
    this.#name.id = `device-${device.id}`;
    this.element = make("article", { class: "card device", "data-device": device.id, "aria-labelledby": this.#name.id, tabindex: -1 },
      make("header", {}, kindIcon(device.kind), make("div", { class: "title" }, this.#name, this.#about), make("div", { class: "marks" }, this.#badge, this.#age)),
      this.#place,
      this.#tiles,
      device.kind === "drone" ? this.#flight() : null,
      device.kind === "greenhouse" ? this.#climate() : null,
      this.#all);
    this.#all.append(make("summary", {}, word("all_values")),
      make("div", { class: "scroll" }, make("table", {},
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, word("quantity")), make("th", { scope: "col", class: "number" }, word("value")), make("th", { scope: "col", class: "number" }, word("age")))),
        this.#rows)));
    this.#all.addEventListener("toggle", () => this.draw());
    void farm.detail(device.id).then((detail) => (this.#intervals = detail.channels), () => undefined);
    this.draw();
  }

  /** Say where it is: a button that shows it, or why there is none. */
  place(content: Node | string | null): void {
    this.#place.replaceChildren(...(content === null ? [] : [content]));
    this.#place.hidden = content === null;
  }

  draw(): void {
    const device = this.#farm.devices.get(this.#id);
    if (!device) return;
    const seen = device.last_seen_ms;
    const old = seen === null || nowMs() - seen > OLD_MS;
    setText(this.#name, device.name || device.id);
    setText(this.#about, [kindName(device.kind), device.site, device.model].filter(Boolean).join(" · "));
    this.#badge.hidden = !device.simulated;
    setText(this.#age, seen === null ? word("never") : ageText(nowMs() - seen));
    this.#age.classList.toggle("stale", old);
    const values = this.#farm.latest.get(this.#id) ?? {};
    const channels = Object.keys(values).sort();
    const wished = (TILES[device.kind] ?? channels).filter((channel) => channel in values).slice(0, MOST_TILES);
    for (const channel of wished) {
      if (this.#shown.has(channel)) continue;
      const tile = new ValueTile(channel);
      this.#shown.set(channel, tile);
      this.#tiles.append(tile.element);
    }
    for (const [channel, tile] of this.#shown) tile.show(values[channel], this.#intervals[channel]?.interval_s);
    // Ten times a second for all of a farm's channels, but only where somebody looks.
    if (this.#all.open) for (const channel of channels) this.#row(channel);
  }

  #row(channel: string): void {
    const latest = this.#farm.value(this.#id, channel);
    if (!latest) return;
    let row = this.#table.get(channel);
    if (!row) {
      const [value, age] = [make("td", { class: "number" }), make("td", { class: "number" })];
      row = { value, age, element: make("tr", { "data-channel": channel }, make("th", { scope: "row", title: channel }, channelName(channel)), value, age) };
      this.#table.set(channel, row);
      this.#rows.append(row.element);
    }
    setText(row.value, [...valueParts(channel, latest.value, latest.unit), doubtText(latest.quality)].filter(Boolean).join(" "));
    setText(row.age, ageText(nowMs() - latest.time_ms));
    row.element.classList.toggle("stale", isStale(latest.time_ms, this.#intervals[channel]?.interval_s));
  }

  #climate(): HTMLElement {
    return folded(word("farm_climate"), async () => {
      const end = (this.#farm.devices.get(this.#id)?.last_seen_ms ?? nowMs()) + 1;
      const answers = await ask<Record<string, Answer>>(`/v1/greenhouses/${encodeURIComponent(this.#id)}/climate`, { query: { start: end - 600_000, end } });
      return tilesOf(CLIMATE, answers);
    });
  }

  #flight(): HTMLElement {
    const input = make("input", { type: "number", min: 0.5, max: 100, step: 0.5, value: 5, inputmode: "decimal" });
    const look = async (): Promise<Node> => {
      const flight = await findFlight(this.#id, this.#farm.devices.get(this.#id)?.last_seen_ms ?? nowMs());
      if (flight === null) return make("p", { class: "note" }, word("farm_no_flight"));
      const answers = await ask<Record<string, Answer>>(`/v1/devices/${encodeURIComponent(this.#id)}/application`, {
        query: { start: flight[0], end: flight[1], swath_m: input.value },
      });
      return tilesOf(APPLICATION, answers);
    };
    const details = folded(word("farm_flight"), look, make("label", { class: "swath" }, word("farm_swath"), " ", input, " m"));
    // Most spreaders throw wider than sprayers spray.
    if (this.#farm.value(this.#id, "hopper_kg") || this.#farm.value(this.#id, "mass_flow_kg_min")) input.value = "5.5";
    input.addEventListener("change", () => {
      if (input.checkValidity() && input.value !== "") details.dispatchEvent(new Event("toggle"));
    });
    return details;
  }
}

// What takes the station some work is asked for when somebody opens it.
function folded(title: string, load: () => Promise<Node>, ...beside: Node[]): HTMLDetailsElement {
  const [place, progress] = [make("div", { class: "answers-place" }), new Progress()];
  const details = make("details", { class: "answers-folded" }, make("summary", {}, title), ...beside, progress.element, place);
  details.addEventListener("toggle", () => {
    if (details.open) void progress.run(load).then((made) => made && place.replaceChildren(made));
  });
  return details;
}

function tilesOf(wanted: [string, Word, number][], answers: Record<string, Answer>): HTMLElement {
  return make("div", { class: "answers" }, ...wanted.flatMap(([field, name, digits]) => {
    const answer = answers[field];
    if (!answer) return [];
    const tile = answerTile(word(name), answer, digits);
    tile.dataset["answer"] = field;
    return [tile];
  }));
}

interface EventItem {
  time_ms: number;
  kind: string;
  data: Record<string, unknown>;
}

// The last flight lies between the last two changes of the arming state; one that goes on ends with the last value.
async function findFlight(device: string, lastMs: number): Promise<[startMs: number, endMs: number] | null> {
  const path = `/v1/devices/${encodeURIComponent(device)}`;
  const [start, end] = [lastMs - HALF_DAY_MS, lastMs + 1];
  const { items } = await ask<{ items: EventItem[] }>(`${path}/events`, { query: { start, end, limit: 5000 } });
  const arming = items.filter((event) => event.kind === "armed");
  const from = arming.findLastIndex((event) => event.data["armed"] === true);
  if (from >= 0) return [(arming[from] as EventItem).time_ms, arming[from + 1]?.time_ms ?? end];
  // Without arming events (a third party's): the last stretch of positions without a silence of two minutes.
  try {
    const { time_ms: times } = await ask<{ time_ms: number[] }>(`${path}/series`, { query: { channel: "latitude_deg", start, end, max_points: 1440 } });
    if (times.length === 0) return null;
    let first = times.length - 1;
    while (first > 0 && (times[first] as number) - (times[first - 1] as number) < 120_000) first -= 1;
    return [times[first] as number, end];
  } catch (error) {
    if (sentenceOf(error) === null) throw error;
    return null;
  }
}
