// Page of a greenhouse: climate charts, daily values, places, notes, data sources and samples over a window of days.

import { NotFound } from "../ui/not_found";
import { chosenOf, onlyOf } from "../components/choice";
import "../i18n/greenhouse";
import { signal, type Signal } from "@preact/signals";
import { createElement, Fragment, render, type FunctionComponent } from "preact";
import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import { LastChoice, type Choice } from "../api/last_choice";
import { errorText, requestAll } from "../api/request";
import { hrefOf, hrefOfThing } from "../app/address";
import { mountInto } from "../app/mount";
import { printing } from "../ui/printing";
import type { Mount, View } from "../app/view";
import type { HousePeriod } from "../answers/house_answers";
import { make, setText } from "../components/dom";
import { labelled, simulatedBadge } from "../components/parts";
import { Progress } from "../components/progress";
import { ReportLinks } from "../components/report_links";
import { HOUSE_VALUES } from "../components/shown_quantities";
import { ValueTile } from "../components/value_tile";
import { CHART_GROUP, ClimateCharts, type Comparison } from "../greenhouse/climate_charts";
import { NO_MARKS, requestMarks } from "../greenhouse/chart_marks";
import { DataQuality } from "../greenhouse/data_quality";
import { DaysPanel, DiseasePanel, LightPanel } from "../greenhouse/day_panels";
import { DownloadPanel } from "../greenhouse/download_panel";
import { HeatMap } from "../greenhouse/heat_map";
import { HousesTable } from "../greenhouse/houses_table";
import { NotesPanel } from "../greenhouse/notes_panel";
import { OutlookPanel } from "../greenhouse/outlook_panel";
import { WhatIfPanel } from "../greenhouse/what_if_panel";
import type { GreenhouseItem, Overview } from "../greenhouse/records";
import { listGreenhouses, requestOverview } from "../greenhouse/requests";
import { SamplesPanel } from "../greenhouse/samples_panel";
import "../greenhouse/greenhouse.css";
import { HouseTop } from "../house/house_top";
import "../i18n/house";
import { DateRange, type Period } from "../ui/date_range";
import { dateTimeText, isZoneOfAnswerOther, setAnswerZone, timeZoneLabel, windowText } from "../i18n/instants";
import { channelName, listText, term, translate, zoneText } from "../i18n/translate";

const DAY_MS = 86_400_000;
const LENGTHS_DAYS = [1, 3, 7, 14, 28];
/** What the API answers in one overview; values of longer periods are downloaded. */
const MOST_DAYS = 31;
const REFRESH_MS = 60_000;

export const mount: Mount = async (place, view) => {
  const all = await listGreenhouses(view);
  const requested = view.route.parts[0];
  // The name of a house's device is another name of the house.
  const houseOfDevice = view.farm.devices.get(requested ?? "")?.greenhouse ?? null;
  const greenhouses = all.filter(({ id, active }) => active || id === requested || id === houseOfDevice);
  const greenhouse = chosenOf(greenhouses, houseOfDevice ?? requested, onlyOf(greenhouses));
  if (greenhouse === undefined) {
    if (requested !== undefined) {
      const back = { href: hrefOf("greenhouse"), text: translate("greenhouse_all") };
      mountInto(place, view, () => createElement(NotFound, { kind: "greenhouse", id: requested, back }));
    } else if (greenhouses.length > 0) mountInto(place, view, () => createElement(HousesTable, { houses: greenhouses }));
    else place.append(make("p", { class: "empty" }, translate("greenhouse_none")));
    return;
  }
  view.setTitle(greenhouse.name);
  const top = make("div");
  const data = new DataFold(greenhouse, greenhouses, view);
  place.append(top, data.element);
  mountInto(top, view, () => createElement(HouseTop, { house: greenhouse, isOnly: greenhouses.length <= 1 }));
  await data.start();
};

/** What of the address chooses a part of the data. */
const DATA_CHOICES = ["days", "to", "zone", "beside", "analysis", "data"];

/** All values of a house over a window, behind its head: built when it is opened, or when the address asks for a part of it. */
class DataFold {
  readonly element = make("details", { class: "card fold-card house-data" });
  readonly #body = make("div");
  readonly #build: () => Promise<void>;
  #isBuilt = false;

  constructor(house: GreenhouseItem, houses: GreenhouseItem[], view: View) {
    const summary = make("summary", {}, make("b", {}, translate("house_data")), " ", make("small", {}, translate("house_data_about")));
    this.element.append(summary, this.#body);
    this.element.open = DATA_CHOICES.some((name) => view.route.query.has(name));
    this.#build = async () => {
      const page = new GreenhousePage(house, houses, view);
      this.#body.append(page.element);
      await page.start();
    };
    this.element.addEventListener("toggle", () => {
      if (!printing.value) view.setQuery("data", this.element.open ? "open" : null);
      void this.start().catch((error: unknown) => view.showMessage(errorText(error)));
    });
  }

  async start(): Promise<void> {
    if (this.#isBuilt || !this.element.open) return;
    this.#isBuilt = true;
    await this.#build();
  }
}

class GreenhousePage {
  readonly element: HTMLElement;
  readonly #charts = new ClimateCharts((part) => this.#zoom(part));
  readonly #notes: NotesPanel;
  readonly #samples = make("div");
  readonly #progress = new Progress();
  readonly #lengthSelect: HTMLSelectElement;
  readonly #zoneSelect = make("select", { id: "greenhouse-zone", onchange: () => this.#setChoice("zone", this.#zoneSelect.value || null) });
  readonly #comparisonSelect: HTMLSelectElement;
  readonly #window = make("span", { class: "note", role: "status" });
  /** Where the newest values are, if all are older than the period. */
  readonly #older = make("p", { class: "older", hidden: true });
  readonly #stage = make("div", { class: "about" });
  readonly #currentValues = make("dl", { class: "tiles" });
  readonly #dayPanels = make("div", { class: "cards" });
  readonly #places = make("div");
  readonly #dataQuality = make("div");
  readonly #dates = make("div", { class: "dates" });
  readonly #report = make("div", { class: "choices-row" });
  readonly #outlook = make("section", { class: "card", "data-panel": "outlook" });
  readonly #whatIf = make("section", { class: "card", "data-panel": "what-if" });
  readonly #download = make("section", { class: "card", "data-panel": "download" });
  readonly #analyses = make("section", { class: "card", "data-panel": "analyses" });
  readonly #overview = signal<Overview | null>(null);
  readonly #shownPeriod = signal<HousePeriod | null>(null);
  readonly #shownDevices = signal<readonly string[]>([]);
  readonly #period: Signal<Period>;
  readonly #last: LastChoice;
  #marks = NO_MARKS;
  #days: number;
  #shownWindow: Overview | null = null;
  #devices: string[] = [];
  #endMs: number | null;

  constructor(
    readonly greenhouse: GreenhouseItem,
    readonly greenhouses: GreenhouseItem[],
    readonly view: View,
  ) {
    this.#last = new LastChoice(view.signal);
    setAnswerZone(null);
    view.signal.addEventListener("abort", () => setAnswerZone(null), { once: true });
    const { query } = view.route;
    const to = Number(query.get("to"));
    this.#endMs = Number.isFinite(to) && to > 0 ? to : null;
    const asked = Number(query.get("days") ?? "1");
    this.#days = asked > 0 && asked <= MOST_DAYS ? asked : 1;
    this.#period = signal(this.#chosenPeriod());
    this.#lengthSelect = make(
      "select",
      { id: "greenhouse-length", onchange: () => this.#setDays(Number(this.#lengthSelect.value)) },
      ...LENGTHS_DAYS.map((length) =>
        make("option", { value: length, selected: length === this.#days }, translate("greenhouse_length", { days: length })),
      ),
    );
    const comparison = query.get("beside") ?? "";
    this.#comparisonSelect = make(
      "select",
      { id: "greenhouse-compare", onchange: () => this.#setChoice("beside", this.#comparisonSelect.value || null) },
      make("option", { value: "" }, translate("greenhouse_compare_none")),
      make("option", { value: "before", selected: comparison === "before" }, translate("greenhouse_compare_before")),
      ...greenhouses
        .filter((candidate) => candidate.id !== greenhouse.id)
        .map(({ id, name }) => make("option", { value: id, selected: id === comparison }, name)),
    );
    this.#notes = new NotesPanel(view, greenhouse, () => void this.#load());
    const greenhouseSelect = make(
      "select",
      {
        id: "greenhouse-select",
        onchange: () => {
          location.hash = hrefOfThing({ kind: "greenhouse", id: greenhouseSelect.value, days: this.#days });
        },
      },
      ...greenhouses.map(({ id, name }) => make("option", { value: id, selected: id === greenhouse.id }, name)),
    );
    const button = (text: string, onclick: () => void): HTMLElement =>
      make("button", { type: "button", class: "secondary", onclick }, text);
    this.element = make(
      "div",
      { class: "page greenhouse" },
      make("div", { class: "page-head" }, this.#stage),
      make(
        "div",
        { class: "choices-row" },
        labelled(greenhouseSelect, translate("greenhouse")),
        labelled(this.#zoneSelect, translate("greenhouse_zone")),
        labelled(this.#lengthSelect, translate("greenhouse_period")),
        labelled(this.#comparisonSelect, translate("greenhouse_compare")),
        make(
          "div",
          { class: "steps", role: "group", "aria-label": translate("greenhouse_period") },
          button(translate("greenhouse_earlier"), () => this.#shift(-1)),
          button(translate("greenhouse_later"), () => this.#shift(1)),
          button(translate("greenhouse_now"), () => this.#setEnd(null)),
        ),
      ),
      this.#dates,
      make("p", {}, this.#window),
      this.#older,
      this.#progress.element,
      this.#outlook,
      make("section", { class: "card", "data-panel": "now" }, make("h2", {}, translate("greenhouse_current")), this.#currentValues),
      this.#charts.element,
      this.#whatIf,
      this.#analyses,
      this.#dayPanels,
      this.#places,
      this.#notes.element,
      this.#dataQuality,
      make("section", { class: "card", "data-panel": "report" }, make("h2", {}, translate("greenhouse_report")), this.#report),
      this.#samples,
      this.#download,
    );
    mountInto(this.#dates, view, () =>
      createElement(DateRange, {
        period: this.#period.value,
        lengthsDays: [],
        maxDays: MOST_DAYS,
        onChange: (period) => this.#setPeriod(period),
      }),
    );
    const report = { path: `/v1/greenhouses/${encodeURIComponent(greenhouse.id)}/report`, name: `greenhouse-${greenhouse.id}` };
    mountInto(this.#report, view, () => createElement(ReportLinks, report));
    this.#mountOverview(this.#dayPanels, LightPanel, DiseasePanel);
    this.#mountOverview(this.#places, HeatMap, DaysPanel);
    this.#mountOverview(this.#dataQuality, DataQuality);
    this.#mountOverview(this.#samples, SamplesPanel);
    mountInto(this.#outlook, view, () => createElement(OutlookPanel, { house: greenhouse }));
    mountInto(this.#whatIf, view, () => createElement(WhatIfPanel, { house: greenhouse }));
    mountInto(this.#download, view, () => createElement(DownloadPanel, { devices: this.#shownDevices.value }));
  }

  async start(): Promise<void> {
    const { view } = this;
    view.onLeave(() => this.#charts.close());
    view.onLeave(view.farm.onChange(() => this.#drawNow()));
    await this.#loadZones();
    void this.#showAnalyses();
    view.repeat(1000, () => this.#drawNow());
    view.repeat(REFRESH_MS, () => (this.#endMs === null || this.#devices.length === 0 ? this.#load() : undefined));
  }

  /** Display panels of the newest overview, once there is one. */
  #mountOverview(place: HTMLElement, ...panels: FunctionComponent<{ overview: Overview }>[]): void {
    mountInto(place, this.view, () => {
      const overview = this.#overview.value;
      return overview === null ? null : createElement(Fragment, {}, ...panels.map((Panel) => createElement(Panel, { overview })));
    });
  }

  async #showAnalyses(): Promise<void> {
    const { HouseTabs } = await import("../answers/house_tabs");
    const { farm } = this.view;
    const houses = this.greenhouses.map(({ id, name }) => ({ id, name }));
    mountInto(this.#analyses, this.view, () => {
      const period = this.#shownPeriod.value;
      if (period === null) return null;
      const siteOfDevice = farm.devices.get(this.#devices[0] ?? "")?.site ?? null;
      return createElement(HouseTabs, {
        period,
        record: this.greenhouse.registered ? this.greenhouse.id : null,
        siteOfDevice,
        houses,
        group: CHART_GROUP,
      });
    });
  }

  async #loadZones(): Promise<void> {
    const zones = this.greenhouse.registered
      ? await requestAll<{ name: string }>("/v1/greenhouse-zones", { signal: this.view.signal, query: { greenhouse: this.greenhouse.id } })
      : [];
    const selected = this.view.route.query.get("zone");
    this.#zoneSelect.replaceChildren(
      make("option", { value: "" }, translate("greenhouse_zone_all")),
      ...zones.map((zone) => make("option", { value: zone.name, selected: zone.name === selected }, zoneText(zone.name))),
    );
    (this.#zoneSelect.parentElement as HTMLElement).hidden = zones.length < 2;
  }

  async #load(): Promise<void> {
    await this.#progress.run(() => this.#last.run((choice) => this.#loadChoice(choice)));
  }

  async #loadChoice({ signal, of }: Choice): Promise<void> {
    const span = this.#days * DAY_MS;
    const endMs = this.#endMs ?? Math.floor(nowMs());
    const widthPx = Math.max(300, Math.min(2000, this.element.clientWidth));
    const zone = this.#zoneSelect.value || null;
    const overviewOf = (greenhouse: GreenhouseItem, start: number, end: number, ofZone: string | null): Promise<Overview> =>
      requestOverview(greenhouse, { start, end, width: widthPx, zone: ofZone }, signal);
    const own = overviewOf(this.greenhouse, endMs - span, endMs, zone);
    const [overview, comparison] = await of(Promise.all([own, this.#loadComparison(overviewOf, endMs - span, endMs, zone)]));
    this.#draw(overview, comparison, zone);
    // Alarms and the limits of their rules: the charts do not wait for them.
    const marks = await of(requestMarks(overview.devices, overview.start_ms, overview.end_ms, signal).catch(() => NO_MARKS));
    this.#marks = marks;
    this.#charts.draw(overview, comparison, marks);
    this.element.dataset["limits"] = String(marks.limits.length);
  }

  async #loadComparison(
    overviewOf: (greenhouse: GreenhouseItem, start: number, end: number, zone: string | null) => Promise<Overview>,
    startMs: number,
    endMs: number,
    zone: string | null,
  ): Promise<Comparison | null> {
    const choice = this.#comparisonSelect.value;
    if (choice === "") return null;
    const shiftMs = choice === "before" ? endMs - startMs : 0;
    const other = this.greenhouses.find(({ id }) => id === choice);
    const name = other?.name ?? translate("greenhouse_before");
    const overview = await overviewOf(other ?? this.greenhouse, startMs - shiftMs, endMs - shiftMs, other ? null : zone);
    return { name, overview, shiftMs };
  }

  #draw(overview: Overview, comparison: Comparison | null, zone: string | null): void {
    this.#devices = overview.devices;
    if (overview.devices.join() !== this.#shownDevices.value.join()) this.#shownDevices.value = overview.devices;
    this.#shownWindow = overview;
    // Its days begin by the clock of its site: axes and texts take the same.
    setAnswerZone(overview.time_zone);
    this.#shownPeriod.value = {
      house: overview.greenhouse,
      startMs: overview.start_ms,
      endMs: overview.end_ms,
      zone,
    };
    if (!this.#charts.zoomed) setText(this.#window, windowText(overview.start_ms, overview.end_ms));
    const stage = listText([overview.crop ? term("crops", overview.crop) : "", overview.stage ? term("crop_stages", overview.stage) : ""]);
    this.#stage.replaceChildren(
      stage || translate("greenhouse_no_crop"),
      " ",
      overview.simulated ? simulatedBadge() : "",
      overview.time_zone_known ? "" : make("span", { class: "note" }, ` ${translate("greenhouse_utc_days")}`),
      isZoneOfAnswerOther()
        ? make("span", { class: "note", "data-note": "zone" }, ` ${translate("site_time", { zone: timeZoneLabel() })}`)
        : "",
    );
    this.#charts.draw(overview, comparison, this.#marks);
    this.#overview.value = overview;
    this.#notes.show(this.greenhouse, overview);
    this.#drawNow();
    this.element.dataset["loaded"] = String(overview.samples.time_ms.length);
  }

  /** Display the newest values of the greenhouse's devices. */
  #drawNow(): void {
    const { farm } = this.view;
    const tiles = this.#devices.flatMap((device) => {
      if (!farm.details.has(device)) void farm.detail(device).catch(() => undefined);
      const values = farm.latest.get(device) ?? {};
      return HOUSE_VALUES.flatMap((channel) => {
        const latest = values[channel];
        if (latest === undefined) return [];
        const name = this.#devices.length > 1 ? `${channelName(channel)} – ${farm.nameOf(device)}` : channelName(channel);
        return [createElement(ValueTile, { key: `${device} ${channel}`, channel, name, latest, simulated: latest.simulated })];
      });
    });
    render(tiles, this.#currentValues);
    const newest = Math.max(0, ...this.#devices.map((device) => farm.devices.get(device)?.last_seen_ms ?? 0));
    this.#showOlder(newest);
    const known = this.#devices.flatMap((device) => farm.devices.get(device) ?? []);
    const isCurrent = known.some((device) => freshnessOf(device, device.last_seen_ms) === "current");
    this.#currentValues.classList.toggle("old", newest > 0 && !isCurrent);
  }

  #showOlder(newestMs: number): void {
    const isOlder = newestMs > 0 && newestMs < (this.#shownWindow?.start_ms ?? 0);
    if (this.#older.hidden === !isOlder) return;
    this.#older.hidden = !isOlder;
    const show = (): void => this.#setEnd(newestMs + 1);
    this.#older.replaceChildren(
      translate("greenhouse_older", { time: dateTimeText(newestMs) }),
      " ",
      make("button", { type: "button", class: "secondary", onclick: show }, translate("greenhouse_to_newest")),
    );
  }

  #zoom(part: { startMs: number; endMs: number } | null): void {
    const whole = this.#shownWindow;
    if (part !== null) setText(this.#window, windowText(Math.round(part.startMs), Math.round(part.endMs)));
    else if (whole !== null) setText(this.#window, windowText(whole.start_ms, whole.end_ms));
  }

  #shift(direction: number): void {
    const span = this.#days * DAY_MS;
    const to = (this.#endMs ?? Math.floor(nowMs())) + direction * span;
    this.#setEnd(to >= nowMs() ? null : to);
  }

  #chosenPeriod(): Period {
    return { startMs: (this.#endMs ?? nowMs()) - this.#days * DAY_MS, endMs: this.#endMs };
  }

  #setDays(days: number): void {
    this.#days = days;
    this.#period.value = this.#chosenPeriod();
    this.#setChoice("days", String(days));
  }

  /** Display any two dates: what is beside the lengths of the list. */
  #setPeriod({ startMs, endMs }: Period): void {
    // Rounded down: the day before does not belong to it.
    this.#days = Math.floor((10_000 * ((endMs ?? nowMs()) - startMs)) / DAY_MS) / 10_000;
    this.#lengthSelect.value = LENGTHS_DAYS.includes(this.#days) ? String(this.#days) : "";
    this.view.setQuery("days", String(this.#days));
    this.#setEnd(endMs);
  }

  #setEnd(endMs: number | null): void {
    this.#endMs = endMs;
    this.#period.value = this.#chosenPeriod();
    this.#charts.showAll();
    this.view.setQuery("to", endMs === null ? null : String(endMs));
    void this.#load();
  }

  #setChoice(name: string, value: string | null): void {
    if (name !== "beside") this.#charts.showAll();
    this.view.setQuery(name, value);
    void this.#load();
  }
}
