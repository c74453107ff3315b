// A house over days: its air against the band of the crop's stage, dew against the coldest surface, light, diseases, places.

import { nowMs } from "../api/clock";
import { ask, askAll, AskError } from "../api/request";
import { hrefOf } from "../app/address";
import type { Mount, View } from "../app/view";
import { make, setText } from "../components/dom";
import { Progress } from "../components/progress";
import { reportLinks } from "../components/report_links";
import { isStale, ValueTile } from "../components/value_tile";
import { ClimateCharts, type Beside } from "../greenhouse/climate_charts";
import { daysPanel, diseasePanel, lightPanel } from "../greenhouse/day_panels";
import { HeatMap } from "../greenhouse/heat_map";
import { NotesPanel } from "../greenhouse/notes_panel";
import type { GrowerNote, HouseItem, Overview } from "../greenhouse/records";
import { SamplesPanel } from "../greenhouse/samples_panel";
import { dateTimeText, windowText } from "../i18n/instants";
import { channelName, word, wordOf } from "../i18n/translate";

const DAY_MS = 86_400_000;
const LENGTHS = [1, 3, 7, 14, 28];
const REFRESH_MS = 60_000;
const PATIENCE_MS = 120_000;
const TILES = ["air_temperature_degc", "relative_humidity_pct", "co2_ppm", "par_umol_m2_s", "leaf_temperature_degc", "vent_open_pct"];

export const mount: Mount = async (place, view) => {
  const houses = await listHouses(view);
  if (houses.length === 0) {
    place.append(make("p", { class: "empty" }, word("greenhouse_none")));
    return;
  }
  const wanted = view.route.parts[0];
  const house = houses.find((one) => one.id === wanted) ?? (houses[0] as HouseItem);
  const page = new GreenhousePage(house, houses, view);
  view.setTitle(house.name);
  place.append(page.element);
  await page.start();
};

class GreenhousePage {
  readonly element: HTMLElement;
  readonly #charts = new ClimateCharts((startMs, endMs) => this.#zoom(startMs, endMs));
  readonly #heat = new HeatMap();
  readonly #notes = new NotesPanel(() => void this.#load());
  readonly #samples: SamplesPanel;
  readonly #progress = new Progress();
  readonly #length: HTMLSelectElement;
  readonly #zone = make("select", { id: "house-zone", onchange: () => this.#choose("zone", this.#zone.value || null) });
  readonly #beside: HTMLSelectElement;
  readonly #window = make("span", { class: "note", role: "status" });
  readonly #head = make("div", { class: "about" });
  readonly #tiles = make("dl", { class: "tiles" });
  readonly #days = make("div", { class: "cards" });
  readonly #table = make("div");
  readonly #trust = make("section", { class: "card", "data-panel": "trust" });
  readonly #shown = new Map<string, ValueTile>();
  #devices: string[] = [];
  #endMs: number | null;

  constructor(readonly house: HouseItem, readonly houses: HouseItem[], readonly view: View) {
    const { query } = view.route;
    const to = Number(query.get("to"));
    this.#endMs = Number.isFinite(to) && to > 0 ? to : null;
    const days = query.get("days") ?? "1";
    this.#length = make("select", { id: "house-length", onchange: () => this.#choose("days", this.#length.value) },
      ...LENGTHS.map((length) => make("option", { value: length, selected: String(length) === days }, word("greenhouse_length", { days: length }))));
    const beside = query.get("beside") ?? "";
    this.#beside = make("select", { id: "house-beside", onchange: () => this.#choose("beside", this.#beside.value || null) },
      make("option", { value: "" }, word("greenhouse_beside_none")),
      make("option", { value: "before", selected: beside === "before" }, word("greenhouse_beside_before")),
      ...houses.filter((one) => one.id !== house.id).map((one) => make("option", { value: one.id, selected: one.id === beside }, one.name)));
    this.#samples = new SamplesPanel(view);
    const choose = make("select", { id: "house-choose", onchange: () => { location.hash = hrefOf("greenhouse", [choose.value], { days: this.#length.value }); } },
      ...houses.map((one) => make("option", { value: one.id, selected: one.id === house.id }, one.name)));
    const field = (control: HTMLElement, text: string): HTMLElement => make("div", { class: "labelled" }, make("label", { for: control.id }, text), control);
    const step = (text: string, act: () => void): HTMLElement => make("button", { type: "button", class: "secondary", onclick: act }, text);
    this.element = make("div", { class: "page house" },
      make("div", { class: "page-head" }, make("h1", {}, house.name), this.#head),
      make("div", { class: "choices-row" },
        field(choose, word("kind_greenhouse")), field(this.#zone, word("greenhouse_zone")), field(this.#length, word("greenhouse_time")), field(this.#beside, word("greenhouse_beside")),
        make("div", { class: "steps", role: "group", "aria-label": word("greenhouse_time") },
          step(word("greenhouse_earlier"), () => this.#move(-1)), step(word("greenhouse_later"), () => this.#move(1)), step(word("greenhouse_now"), () => this.#go(null)))),
      make("p", {}, this.#window), this.#progress.element,
      make("section", { class: "card", "data-panel": "now" }, make("h2", {}, word("greenhouse_at_present")), this.#tiles),
      this.#charts.element, this.#days, this.#heat.element, this.#table, this.#notes.element, this.#trust,
      make("section", { class: "card", "data-panel": "report" }, make("h2", {}, word("greenhouse_report")),
        make("div", { class: "choices-row" }, ...reportLinks(`/v1/greenhouses/${encodeURIComponent(house.id)}/report`, `greenhouse-${house.id}`))),
      this.#samples.element);
  }

  async start(): Promise<void> {
    const { view } = this;
    view.onLeave(() => this.#charts.close());
    view.onLeave(view.farm.onChange(() => this.#drawNow()));
    await this.#offerZones();
    view.repeat(1000, () => this.#drawNow());
    view.repeat(REFRESH_MS, () => (this.#endMs === null || this.#devices.length === 0 ? this.#load() : undefined));
  }

  async #offerZones(): Promise<void> {
    const zones = this.house.registered ? await askAll<{ name: string }>("/v1/greenhouse-zones", { signal: this.view.signal, query: { greenhouse: this.house.id } }) : [];
    const chosen = this.view.route.query.get("zone");
    this.#zone.replaceChildren(make("option", { value: "" }, word("greenhouse_zone_all")), ...zones.map((zone) => make("option", { value: zone.name, selected: zone.name === chosen }, zone.name)));
    (this.#zone.parentElement as HTMLElement).hidden = zones.length < 2;
  }

  async #load(): Promise<void> {
    const span = Number(this.#length.value) * DAY_MS;
    const endMs = this.#endMs ?? Math.floor(nowMs());
    const width = Math.max(300, Math.min(2000, this.element.clientWidth));
    const about = (house: HouseItem, start: number, end: number, zone: string | null): Promise<Overview> =>
      askOverview(house, { start, end, width, zone }, this.view.signal);
    const found = await this.#progress.run(async () => {
      const other = this.#beside.value;
      const own = about(this.house, endMs - span, endMs, this.#zone.value || null);
      if (other === "") return { overview: await own, beside: null };
      const moveMs = other === "before" ? span : 0;
      const second = this.houses.find((one) => one.id === other);
      const told = about(second ?? this.house, endMs - span - moveMs, endMs - moveMs, second ? null : this.#zone.value || null);
      const name = second?.name ?? word("greenhouse_before");
      const beside: Beside = { name, overview: await told, moveMs };
      return { overview: await own, beside };
    });
    if (found === null || this.view.signal.aborted) return;
    this.#draw(found.overview, found.beside);
  }

  #draw(overview: Overview, beside: Beside | null): void {
    this.#devices = overview.devices;
    setText(this.#window, windowText(overview.start_ms, overview.end_ms));
    const stage = [overview.crop && wordOf("greenhouse_crop", overview.crop, overview.crop), overview.stage].filter(Boolean).join(", ");
    this.#head.replaceChildren(stage || word("greenhouse_no_crop"), " ",
      overview.simulated ? make("span", { class: "badge", title: word("simulated_hint") }, word("simulated")) : "",
      overview.time_zone_known ? "" : make("span", { class: "note" }, ` ${word("greenhouse_no_zone")}`));
    this.#charts.draw(overview, beside);
    this.#days.replaceChildren(lightPanel(overview), diseasePanel(overview));
    this.#table.replaceChildren(daysPanel(overview));
    this.#heat.show(overview);
    this.#notes.show(this.house, overview);
    this.#samples.show(overview);
    this.#drawTrust(overview);
    this.#drawNow();
    this.element.dataset["loaded"] = String(overview.samples.time_ms.length);
  }

  /** The newest values of the house's first device; of several the ages of all. */
  #drawNow(): void {
    const { farm } = this.view;
    const rows: HTMLElement[] = [];
    for (const device of this.#devices) {
      const record = farm.devices.get(device);
      const values = farm.latest.get(device) ?? {};
      for (const channel of TILES.filter((one) => values[one] !== undefined)) {
        const key = `${device} ${channel}`;
        let tile = this.#shown.get(key);
        if (tile === undefined) {
          tile = new ValueTile(channel, this.#devices.length > 1 ? `${channelName(channel)} – ${farm.nameOf(device)}` : channelName(channel));
          this.#shown.set(key, tile);
        }
        tile.show(values[channel], farm.details.get(device)?.channels[channel]?.interval_s ?? 60, record?.simulated ?? false);
        rows.push(tile.element);
      }
      if (!farm.details.has(device)) void farm.detail(device).catch(() => undefined);
    }
    const same = this.#tiles.children.length === rows.length && rows.every((row, index) => this.#tiles.children[index] === row);
    if (!same) this.#tiles.replaceChildren(...rows);
    const newest = Math.max(0, ...this.#devices.map((device) => farm.devices.get(device)?.last_seen_ms ?? 0));
    this.#tiles.classList.toggle("old", newest > 0 && isStale(newest, 60));
  }

  #drawTrust(overview: Overview): void {
    const surfaces = overview.surfaces.map((surface) => make("li", {}, `${wordOf("greenhouse_surface", surface.name, surface.name)}: ${surface.estimated === null ? word("evidence_measured") : word("greenhouse_estimated", { how: surface.estimated })}`));
    const found = overview.left_out.map((one) => make("tr", {},
      make("th", { scope: "row" }, this.view.farm.nameOf(one.device)), make("td", {}, channelName(one.channel)), make("td", {}, wordOf("greenhouse_test", one.test, one.test.replaceAll("_", " "))),
      make("td", {}, `${dateTimeText(one.start_ms)} – ${dateTimeText(one.end_ms)}`), make("td", {}, word(one.left_out ? "greenhouse_left_out" : "greenhouse_used")), make("td", {}, one.detail)));
    const wet = overview.events.map((event) => make("li", {}, word("greenhouse_wet", {
      when: windowText(event.start_ms, event.end_ms), surface: wordOf("greenhouse_surface", event.surface, event.surface), margin: event.least_margin_k.toFixed(1),
    })));
    this.#trust.replaceChildren(make("h2", {}, word("greenhouse_trust")),
      make("h3", {}, word("greenhouse_surfaces")), make("ul", { class: "provenance" }, ...surfaces),
      make("h3", {}, word("greenhouse_events")), wet.length === 0 ? make("p", { class: "note" }, word("greenhouse_no_events")) : make("ul", { class: "provenance" }, ...wet),
      make("h3", {}, word("greenhouse_sensors")),
      found.length === 0 ? make("p", { class: "note" }, word("greenhouse_sensors_well")) : make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("greenhouse_sensors") },
        make("table", {}, make("caption", { class: "hidden" }, word("greenhouse_sensors")),
          make("thead", {}, make("tr", {}, ...[word("greenhouse_device"), word("quantity"), word("greenhouse_finding"), word("time"), "", ""].map((head) => make(head ? "th" : "td", head ? { scope: "col" } : {}, head)))),
          make("tbody", {}, ...found))));
  }

  #zoom(startMs: number, endMs: number): void {
    setText(this.#window, windowText(Math.round(startMs), Math.round(endMs)));
  }

  #move(direction: number): void {
    const span = Number(this.#length.value) * DAY_MS;
    const to = (this.#endMs ?? Math.floor(nowMs())) + direction * span;
    this.#go(to >= nowMs() ? null : to);
  }

  #go(endMs: number | null): void {
    this.#endMs = endMs;
    this.view.keep("to", endMs === null ? null : String(endMs));
    void this.#load();
  }

  #choose(name: string, value: string | null): void {
    this.view.keep(name, value);
    void this.#load();
  }
}

async function askOverview(house: HouseItem, query: { start: number; end: number; width: number; zone: string | null }, signal: AbortSignal): Promise<Overview> {
  const path = (id: string): string => `/v1/greenhouses/${encodeURIComponent(id)}/overview`;
  try {
    return await ask<Overview>(path(house.id), { signal, patienceMs: PATIENCE_MS, query });
  } catch (error) {
    if (!(error instanceof AskError) || error.status !== 404 || house.device === null) throw error;
  }
  // Nobody put devices into the zones of the house: the device of its name is asked, and the notes are the house's.
  const [overview, notes] = await Promise.all([
    ask<Overview>(path(house.device), { signal, patienceMs: PATIENCE_MS, query: { ...query, zone: null } }),
    askAll<GrowerNote>("/v1/notes", { signal, query: { greenhouse: house.id } }),
  ]);
  return { ...overview, grower_notes: notes.filter((note) => note.time_ms >= query.start && note.time_ms < query.end).sort((a, b) => a.time_ms - b.time_ms) };
}

async function listHouses(view: View): Promise<HouseItem[]> {
  let kept: { id: string; name: string }[] = [];
  try {
    kept = await askAll<{ id: string; name: string }>("/v1/greenhouses", { signal: view.signal });
  } catch (error) {
    // A station without a registry knows houses by their devices alone.
    if (!(error instanceof AskError) || error.status !== 404) throw error;
  }
  const devices = [...view.farm.devices.values()].filter((device) => device.kind === "greenhouse");
  const named = (house: { name: string }): string | null => devices.find((device) => device.id === house.name || device.name === house.name)?.id ?? null;
  const houses = kept.map((house): HouseItem => ({ id: house.id, name: house.name, registered: true, device: named(house) }));
  const others = devices.filter((device) => !houses.some((house) => house.device === device.id));
  return [...houses, ...others.map((device): HouseItem => ({ id: device.id, name: device.name || device.id, registered: false, device: null }))];
}
