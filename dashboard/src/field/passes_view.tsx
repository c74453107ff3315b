// Passes of a field: their list, one of them on the map, and the panels about it.

import { NotFound } from "../ui/not_found";
import { hrefOfThing } from "../app/address";
import { chosenOf, newestOf } from "../components/choice";
import "../i18n/field";
import "../i18n/field_work";
import { render } from "preact";
import { may } from "../api/may";
import { api, cursorQuery, listAll } from "../api/client";
import { nowMs } from "../api/clock";
import { LastChoice, type Choice } from "../api/last_choice";
import { requestSites, type FieldRecord } from "../api/registry";
import { ApiError, errorText, request, requestAll, requestResponse } from "../api/request";
import { mountInto } from "../app/mount";
import type { View } from "../app/view";
import { make, setText } from "../components/dom";
import { fileButton } from "../components/file_button";
import { foldedPanel, labelled } from "../components/parts";
import { Progress } from "../components/progress";
import { reportLinks } from "../components/report_links";
import { CellGrid } from "./cell_grid";
import { DeclarePass } from "./declare_pass";
import { EvidencePanel } from "./evidence_panel";
import { WindMark } from "../components/wind_mark";
import { FieldMap, LAYERS, type Layer } from "./field_map";
import { FlightReplay } from "./flight_replay";
import { loadLedger, loadNutrients, loadSettlement } from "./ledger_panels";
import { PassList } from "./pass_list";
import { amountsPanel, deviationPanel } from "./pass_panels";
import type { Applied, Deviation, HarvestPass, MapSettings, Named, PassItem, ZoneMap } from "./records";
import { areaUnitsPerHa, numberText, reasonText, toAreaUnit, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";

const PASSES_MS = 399 * 86_400_000;
const TIMEOUT_MS = 120_000;
const FLYING_MS = 30_000;
const FILE_FORMATS = [
  ["geojson", "geojson"],
  ["csv", "csv"],
  ["png", "png"],
  ["geotiff", "tif"],
  ["isoxml", "zip"],
  ["isoxml_log", "zip"],
] as const;

interface WeatherHours {
  hours: { wind_speed_m_s: number | null }[];
}

/** The passes of one field: list, map, evidence, and panels about the open pass. `close` releases it. */
export class PassesView {
  readonly element: HTMLElement;
  readonly #field: FieldRecord;
  readonly #view: View;
  readonly #map: FieldMap;
  readonly #evidence: EvidencePanel;
  readonly #replay: FlightReplay;
  readonly #progress = new Progress();
  readonly #note = make("p", { class: "note", role: "status" });
  readonly #passNote = make("span", { class: "note" });
  readonly #list: PassList;
  readonly #declare = make("button", { type: "button", class: "secondary", "data-act": "declare" }, translate("work_declare_new"));
  readonly #layers = make("fieldset", { class: "choices-row layers" });
  readonly #opacity = opacitySlider((opacity) => this.#map.setOpacity(opacity));
  readonly #panels = make("div", { class: "panels" });
  readonly #missing = make("div");
  readonly #wind = new WindMark();
  /** The site whose latest wind is shown, null for all; undefined where the pass is past. */
  #windSite: string | null | undefined;
  #isLayerChosen = false;
  readonly #radios = new Map<Layer, HTMLInputElement>();
  readonly #swath = make("input", { id: "draw-swath", type: "number", min: 0.5, max: 100, step: 0.1, inputmode: "decimal" });
  readonly #rate = make("input", { id: "draw-rate", type: "number", min: 0.1, max: 100_000, step: "any", inputmode: "decimal" });
  readonly #implement = make("select", { id: "draw-implement" });
  readonly #prescription = make("select", { id: "draw-prescription" });
  readonly #cellSize = make("select", { id: "draw-cell" });
  readonly #last: LastChoice;
  readonly #lastReplay: LastChoice;
  #passes: PassItem[] = [];
  #harvests: HarvestPass[] = [];
  #prescriptions: Named[] = [];
  #implementNames: ReadonlyMap<string, string> = new Map();
  /** The implements that apply liquids: their rates are in litres. */
  #sprayers: ReadonlySet<string> = new Set();
  readonly #rateLabel = labelled(this.#rate, translate("field_rate", { unit: toAreaUnit(1, "kg/ha").unit }), translate("field_rate_hint"));
  #pass: PassItem | null = null;
  /** The side of the cells that are drawn. */
  #cellM: number | undefined;

  constructor(field: FieldRecord, view: View) {
    this.#field = field;
    this.#view = view;
    this.#last = new LastChoice(view.signal);
    this.#lastReplay = new LastChoice(view.signal);
    this.#map = new FieldMap(field, (longitudeDeg, latitudeDeg) => this.#showEvidence(longitudeDeg, latitudeDeg));
    this.#evidence = new EvidencePanel(view.signal, ({ cell }) =>
      this.#map.markCell(cell.west_deg, cell.south_deg, cell.east_deg, cell.north_deg),
    );
    this.#replay = new FlightReplay(this.#map);
    this.#list = new PassList(
      view,
      field.id,
      () => this.#entered(),
      (pass) => void this.#openPass(pass),
    );
    this.#declare.hidden = !may("post", "/v1/passes");
    this.#declare.addEventListener("click", () => this.#openDeclaration());
    this.element = make(
      "div",
      { class: "field" },
      this.#list.element,
      make("div", { class: "choices-row" }, this.#passNote, this.#declare),
      this.#progress.element,
      this.#note,
      this.#missing,
      make(
        "div",
        { class: "field-layout" },
        make("div", { class: "field-left" }, this.#layers, this.#map.element, this.#settingsForm(), this.#replay.element),
        this.#evidence.element,
      ),
      this.#panels,
    );
  }

  close(): void {
    this.#last.end();
    this.#lastReplay.end();
    this.#replay.close();
    this.#map.view.close();
  }

  async start(): Promise<void> {
    const { signal, route } = this.#view;
    const loaded = await this.#progress.run(async () =>
      Promise.all([
        this.#loadPasses(),
        requestAll<Named>("/v1/prescriptions", { signal, query: { field: this.#field.id } }),
        listAll((cursor) => api.GET("/v1/implements", { params: { query: cursorQuery(cursor) }, signal })),
      ]),
    );
    if (loaded === null || signal.aborted) return;
    const [, prescriptions, implementRecords] = loaded;
    const passes = this.#passes;
    // An implement sets the swath of the map; the pass itself is not changed.
    this.#implement.replaceChildren(
      make("option", { value: "" }, translate("field_implement_own")),
      ...implementRecords.map(({ id, name, swath_m: swathM }) =>
        make("option", { value: id }, name + translate("in_brackets", { text: withUnit(swathM, "m") })),
      ),
    );
    this.#implementNames = new Map(implementRecords.map(({ id, name }) => [id, name]));
    this.#sprayers = new Set(implementRecords.flatMap(({ id, kind }) => (kind === "sprayer" ? [id] : [])));
    this.#implement.addEventListener("change", () => {
      this.#showRateUnit();
      this.#swath.value = String(implementRecords.find(({ id }) => id === this.#implement.value)?.swath_m ?? "");
    });
    this.#prescriptions = prescriptions;
    this.#prescription.replaceChildren(
      make("option", { value: "" }, translate("field_prescription_own")),
      ...prescriptions.map(({ id, name }) => make("option", { value: id }, name)),
    );
    this.#prescription.value = route.query.get("prescription") ?? "";
    this.#buildLayers();
    const asked = route.query.get("pass");
    if (passes.length === 0 && asked !== null) {
      this.#showMissing(asked);
      return;
    }
    if (passes.length === 0) {
      setText(this.#note, translate(this.#harvests.length === 0 ? "field_no_pass" : "work_only_harvests"));
      this.#list.element.hidden = this.#harvests.length === 0;
      this.#list.show(passes, this.#harvests, prescriptions, null);
      this.#replay.element.hidden = true;
      this.#panels.replaceChildren(this.#nutrients(), this.#ledger(null));
      await this.#progress.run(() => this.#drawPlan(prescriptions));
      return;
    }
    this.#map.view.element.append(this.#wind.element);
    this.#view.repeat(1000, () => {
      if (this.#windSite !== undefined) this.#wind.show(this.#view.farm, this.#windSite);
    });
    // What is under way is named, and what is open at first is the newest that has ended.
    const selected = chosenOf(passes, asked, newestOf(passes.filter(({ state }) => state !== "flying")) ?? newestOf(passes));
    this.#view.repeat(FLYING_MS, () => this.#followFlights());
    if (selected === undefined) this.#showMissing(asked ?? "");
    else await this.#openPass(selected);
  }

  /** While a pass is under way, ask how far it is; once it has ended, its page is that of a pass that has. */
  async #followFlights(): Promise<void> {
    if (!this.#passes.some(({ state }) => state === "flying")) return;
    const open = this.#pass;
    await this.#loadPasses();
    if (this.#pass !== open) return;
    const now = this.#passes.find(({ id }) => id === open?.id);
    if (open?.state === "flying" && now && now.state !== "flying") await this.#openPass(now);
    else this.#list.show(this.#passes, this.#harvests, this.#prescriptions, open?.id ?? null);
  }

  /** Show the wind of the pass: the latest while it flies, else that of its hours; of the field's site, another may be far away. */
  async #showWind(pass: PassItem): Promise<void> {
    this.#wind.hide();
    this.#windSite = undefined;
    try {
      const { signal } = this.#view;
      const sites = await requestSites();
      const site = sites.find(({ id }) => id === this.#field.site)?.name ?? null;
      if (this.#pass !== pass || (site === null && sites.length > 1)) return;
      if (pass.state === "flying") {
        this.#windSite = site;
        return;
      }
      const query = { start: pass.start_ms, end: Math.max(pass.end_ms, pass.start_ms + 1) };
      const { hours } = await request<WeatherHours>(`/v1/fields/${this.#field.id}/weather-window`, { signal, query });
      if (this.#pass !== pass) return;
      const speeds = hours.map(({ wind_speed_m_s: speed }) => speed).filter((speed) => speed !== null);
      this.#wind.showPast(speeds, pass.simulated);
    } catch {
      // A map without a wind says none.
    }
  }

  // Without a pass the map displays the prescription alone.
  async #drawPlan(prescriptions: readonly Named[]): Promise<void> {
    const chosen = chosenOf(prescriptions, this.#prescription.value, newestOf(prescriptions));
    if (!chosen) return;
    const { signal } = this.#view;
    const zones = await request<ZoneMap>(`/v1/prescriptions/${chosen.id}/export`, {
      signal,
      query: { format: "geojson" },
      headers: { Accept: "*/*" },
    });
    this.#prescription.value = chosen.id;
    this.#layers.querySelector<HTMLInputElement>('input[value="planned"]')?.click();
    await this.#map.view.ready.catch(() => undefined);
    this.#map.drawZones(zones);
    this.element.dataset["drawn"] = chosen.id;
  }

  /** Say that there is no pass of an id: another one is not what was asked for. */
  #showMissing(id: string): void {
    this.#list.show(this.#passes, this.#harvests, this.#prescriptions, null);
    this.#replay.element.hidden = true;
    setText(this.#note, "");
    this.element.dataset["drawn"] = "missing";
    const back = { href: hrefOfThing({ kind: "field", id: this.#field.id }), text: translate("field_newest_pass") };
    mountInto(this.#missing, this.#view, () => <NotFound kind="pass" id={id} back={back} />);
  }

  async #openPass(pass: PassItem): Promise<void> {
    render(null, this.#missing);
    this.#replay.element.hidden = false;
    this.#pass = pass;
    this.#showRateUnit();
    this.#view.setQuery("pass", pass.id);
    this.#list.show(this.#passes, this.#harvests, this.#prescriptions, pass.id);
    setText(this.#declare, translate(pass.declared || pass.state === "flying" ? "work_declare_new" : "work_declare"));
    const marks = [
      translate(pass.declared ? "field_declared_pass" : "field_detected_pass"),
      term("pass_states", pass.state),
      pass.evidence ? term("evidence", pass.evidence) : "",
      pass.simulated ? translate("simulated") : "",
    ];
    setText(this.#passNote, marks.filter(Boolean).join(" · "));
    this.#replay.clear();
    this.#map.clear();
    await Promise.all([this.#draw(), this.#loadReplay(pass), this.#showWind(pass)]);
  }

  async #loadReplay(pass: PassItem): Promise<void> {
    try {
      await this.#lastReplay.run(async (choice) => {
        const detail = await choice.of(this.#view.farm.detail(pass.device).catch(() => null));
        await this.#replay.load(pass, Object.keys(detail?.channels ?? {}), choice);
      });
    } catch (error) {
      this.#view.showMessage(errorText(error));
    }
  }

  async #draw(): Promise<void> {
    const pass = this.#pass;
    if (pass === null) return;
    // What belongs to the pass or the settings before goes at once.
    this.#panels.replaceChildren();
    this.#evidence.clear();
    this.element.dataset["drawn"] = "";
    setText(this.#note, translate("field_drawing"));
    await this.#last.run((choice) => this.#drawChoice(pass, choice));
  }

  // The map is drawn first; the panels follow with the same settings.
  async #drawChoice(pass: PassItem, { signal, of }: Choice): Promise<void> {
    const [path, query] = [`/v1/passes/${encodeURIComponent(pass.id)}`, { ...this.#mapSettings() }];
    const reported = this.#entered().swath_m === undefined ? reportedSwath(pass) : null;
    const { prescription: _, planned_rate_ha: __, ...appliedQuery } = query;
    const isFlying = pass.state === "flying";
    this.#panels.replaceChildren(
      ...(isFlying ? [] : [this.#settlement(pass, signal)]),
      this.#nutrients(),
      // What a pass under way applied is not recorded, and not settled, before its end.
      this.#ledger(isFlying ? null : pass.id),
      this.#files(path, query, pass),
    );
    await of(this.#map.view.ready.catch(() => undefined));
    if (pass.implement === null && query.swath_m === undefined) {
      // Nothing is guessed: without a swath there is no map.
      setText(this.#note, translate("field_swath_needed"));
      this.#map.drawCells(null);
      this.element.dataset["drawn"] = "no-swath";
      return;
    }
    const cells = await of(
      this.#progress.run(async () => {
        try {
          const headers = { Accept: "*/*" };
          const options = { signal, query: { ...query, format: "safetensors" }, headers, timeoutMs: TIMEOUT_MS };
          return CellGrid.read(await (await requestResponse(`${path}/cells`, options)).arrayBuffer());
        } catch (error) {
          if (error instanceof ApiError && error.kind === "no-implement")
            throw new ApiError(error.status, error.kind, translate("field_swath_needed"));
          throw error;
        }
      }),
    );
    const reason = cells?.head.reason ?? null;
    const swath = reported === null ? "" : translate("work_swath_reported", { swath: withUnit(reported, "m") });
    const comparison = reason === null ? "" : translate("field_no_comparison", { reason: reasonText(reason) });
    const notes = [
      pass.state === "flying" ? translate("work_pass_flying") : "",
      this.#implementText(pass),
      swath,
      reason === "pass_under_way" ? "" : comparison,
    ].filter(Boolean);
    setText(this.#note, notes.join(" "));
    this.#cellM = cells?.head.cell_m;
    // Without a plan there is no deviation to draw: what was applied is, until the user chooses.
    if (cells !== null && !this.#isLayerChosen) this.#showLayer(reason === null ? "deviation" : "applied");
    this.#map.drawCells(cells, isFlying);
    this.element.dataset["drawn"] = cells === null ? "failed" : pass.id;
    if (cells === null) return;
    const answers = await of(
      this.#progress.run(async () =>
        Promise.all([
          request<Applied>(`${path}/as-applied`, { signal, query: { ...appliedQuery, format: "summary" }, timeoutMs: TIMEOUT_MS }),
          reason === null ? request<Deviation>(`${path}/deviation`, { signal, query: { ...query }, timeoutMs: TIMEOUT_MS }) : null,
        ]),
      ),
    );
    if (answers === null) return;
    const [applied, deviation] = answers;
    this.#map.drawSpots(applied.cover);
    this.#map.setSwath(applied.swath_m);
    const [figures, map] = [applied.cell_m, cells.head.cell_m].map((side) => numberText(side, side % 1 === 0 ? 0 : 2)) as [string, string];
    const sizes = figures === map ? translate("work_cells", { map }) : translate("work_cells_two", { figures, map });
    setText(this.#note, [...notes, sizes].join(" "));
    this.#panels.prepend(
      amountsPanel(applied),
      ...(deviation === null
        ? []
        : [deviationPanel(deviation, (region) => this.#showEvidence(region.longitude_deg, region.latitude_deg, true))]),
    );
  }

  /** What is taken for a pass whose implement nobody declared, and why; empty where it was declared. */
  #implementText(pass: PassItem): string {
    const name = this.#implementNames.get(pass.implement ?? "");
    if (name === undefined || pass.implement_basis === null || pass.implement_basis === "declared") return "";
    return translate("work_implement_taken", { name, basis: term("implement_basis", pass.implement_basis) });
  }

  #openDeclaration(): void {
    const place = make("div");
    this.element.append(place);
    const pass = this.#pass?.declared === false && this.#pass.state !== "flying" ? this.#pass : null;
    const settings = this.#mapSettings();
    const close = (): void => {
      render(null, place);
      place.remove();
    };
    mountInto(place, this.#view, () => (
      <DeclarePass
        field={this.#field.id}
        pass={pass}
        settings={settings}
        onClose={close}
        onDeclared={async (id) => {
          this.#view.setQuery("pass", id);
          await this.#progress.run(() => this.#loadPasses());
          close();
          const declared = this.#passes.find((each) => each.id === id);
          if (declared) void this.#openPass(declared);
        }}
      />
    ));
  }

  async #loadPasses(): Promise<void> {
    const now = nowMs();
    const query = { start: Math.round(now - PASSES_MS), end: Math.round(now) + 1, limit: 1000 };
    const options = { signal: this.#view.signal, timeoutMs: TIMEOUT_MS, query };
    [this.#passes, this.#harvests] = await Promise.all([
      requestAll<PassItem>(`/v1/fields/${this.#field.id}/passes`, options),
      requestAll<HarvestPass>(`/v1/fields/${this.#field.id}/harvest-passes`, options),
    ]);
  }

  #showEvidence(longitudeDeg: number, latitudeDeg: number, focus = false): void {
    const settings = { ...this.#mapSettings(), ...(this.#cellM === undefined ? {} : { cell_m: this.#cellM }) };
    if (this.#pass !== null) void this.#evidence.show(this.#pass.id, settings, longitudeDeg, latitudeDeg, focus);
  }

  /** What is entered, and for a machine without an implement the width that it reported. */
  #mapSettings(): MapSettings {
    const reported = reportedSwath(this.#pass);
    return { ...(reported === null ? {} : { swath_m: reported }), ...this.#entered() };
  }

  #entered(): MapSettings {
    const [swath, rate, cell] = [this.#swath, this.#rate, this.#cellSize].map((input) => (input.value === "" ? null : Number(input.value)));
    return {
      ...(swath ? { swath_m: swath } : {}),
      ...(cell ? { cell_m: cell } : {}),
      ...(rate ? { planned_rate_ha: rate * areaUnitsPerHa() } : this.#prescription.value ? { prescription: this.#prescription.value } : {}),
    };
  }

  #settingsForm(): HTMLElement {
    const { query } = this.#view.route;
    this.#swath.value = query.get("swath_m") ?? "";
    this.#rate.value = query.has("planned_rate_ha")
      ? String(Number((Number(query.get("planned_rate_ha")) / areaUnitsPerHa()).toFixed(3)))
      : "";
    this.#cellSize.append(
      make("option", { value: "" }, translate("field_cell_auto")),
      ...[1, 2, 5, 10, 20].map((side) => make("option", { value: side }, String(side))),
    );
    this.#cellSize.value = query.get("cell_m") ?? "";
    const draw = (event: Event): void => {
      event.preventDefault();
      const settings: Record<string, string | number> = { ...this.#entered() };
      for (const name of ["swath_m", "planned_rate_ha", "prescription", "cell_m"])
        this.#view.setQuery(name, name in settings ? String(settings[name]) : null);
      if (this.#pass !== null) void this.#draw();
    };
    return make(
      "form",
      { class: "choices-row draw", "aria-label": translate("field_map_settings"), onsubmit: draw },
      labelled(this.#implement, translate("field_implement")),
      labelled(this.#swath, translate("field_swath"), translate("field_swath_hint")),
      this.#rateLabel,
      labelled(this.#prescription, translate("field_prescription")),
      labelled(this.#cellSize, translate("field_cell")),
      make("button", { type: "submit", class: "primary" }, translate("field_draw")),
    );
  }

  #showRateUnit(): void {
    const implement = this.#implement.value || this.#pass?.implement;
    const unit = implement != null && this.#sprayers.has(implement) ? "L/ha" : "kg/ha";
    setText(this.#rateLabel.querySelector("label") as HTMLElement, translate("field_rate", { unit: toAreaUnit(1, unit).unit }));
  }

  #buildLayers(): void {
    const stored = this.#view.route.query.get("layer") as Layer | null;
    this.#isLayerChosen = stored !== null && LAYERS.includes(stored);
    const selected = stored !== null && this.#isLayerChosen ? stored : "deviation";
    const radio = (layer: Layer): HTMLElement => {
      const input = make("input", { type: "radio", name: "layer", value: layer });
      this.#radios.set(layer, input);
      input.addEventListener("change", () => {
        this.#isLayerChosen = true;
        this.#map.setLayer(layer);
        this.#view.setQuery("layer", layer);
      });
      return make("label", {}, input, " ", translate(`field_layer_${layer}`));
    };
    const checkbox = (overlay: "cover" | "track"): HTMLElement => {
      const input = make("input", { type: "checkbox", name: overlay, checked: true });
      input.addEventListener("change", () => this.#map.setVisible(overlay, input.checked));
      return make("label", {}, input, " ", translate(`field_show_${overlay}`));
    };
    this.#layers.replaceChildren(
      make("legend", { class: "hidden" }, translate("field_layer")),
      ...LAYERS.map(radio),
      checkbox("cover"),
      checkbox("track"),
      this.#opacity,
    );
    this.#showLayer(selected);
  }

  #showLayer(layer: Layer): void {
    const radio = this.#radios.get(layer);
    if (radio !== undefined) radio.checked = true;
    this.#map.setLayer(layer);
  }

  #settlement(pass: PassItem, signal: AbortSignal): HTMLElement {
    return foldedPanel(translate("field_settlement"), "settlement", () => loadSettlement(pass.id, this.#mapSettings(), signal));
  }

  #nutrients(): HTMLElement {
    return foldedPanel(translate("field_nutrients"), "nutrients", () =>
      loadNutrients(this.#field.id, () => this.#entered().swath_m, this.#view.signal),
    );
  }

  #ledger(pass: string | null): HTMLElement {
    return foldedPanel(translate("field_ledger"), "ledger", () =>
      loadLedger(this.#field.id, pass, () => this.#mapSettings(), this.#view.signal),
    );
  }

  #files(path: string, query: MapSettings, pass: PassItem): HTMLElement {
    const { prescription, planned_rate_ha: rate, ...appliedQuery } = query;
    const plan = rate !== undefined ? { planned_rate_ha: rate } : prescription !== undefined ? { prescription } : {};
    const implement = this.#implement.value === "" ? {} : { implement: this.#implement.value };
    const resumeQuery = { swath_m: query.swath_m, ...plan, ...implement };
    return foldedPanel(translate("field_files"), "files", async () => [
      ...FILE_FORMATS.map(([format, extension]) =>
        fileButton(translate(`field_file_${format}`), `${path}/as-applied`, `as-applied-${pass.start_ms}.${extension}`, {
          query: { ...appliedQuery, format },
        }),
      ),
      fileButton(translate("field_file_resume"), `${path}/resume.plan`, `resume-${pass.start_ms}.plan`, { query: resumeQuery }),
      ...reportLinks(`${path}/report`, `pass-${pass.start_ms}`, { ...query }),
    ]);
  }
}

function reportedSwath(pass: PassItem | null): number | null {
  return pass?.implement === null ? pass.reported_width_m : null;
}

/** Return a slider of the cells' opacity: a base map and the outline are under them. */
function opacitySlider(apply: (opacity: number) => void): HTMLElement {
  const slider = make("input", { type: "range", min: 0, max: 1, step: 0.05, value: 0.88 });
  slider.addEventListener("input", () => apply(Number(slider.value)));
  return make("label", { class: "opacity" }, translate("field_opacity"), " ", slider);
}
