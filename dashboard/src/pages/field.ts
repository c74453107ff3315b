// Page of the fields: the list, or one field with its passes on the map and the panels about a pass.

import "../i18n/field";
import { api, cursorQuery, listAll } from "../api/client";
import { nowMs } from "../api/clock";
import type { FieldRecord } from "../api/registry";
import { ApiError, errorText, request, requestAll } from "../api/request";
import { hrefOf } from "../app/address";
import type { Mount, View } from "../app/view";
import { make, setText } from "../components/dom";
import { fileButton } from "../components/file_button";
import { foldedPanel, labelled } from "../components/parts";
import { Progress } from "../components/progress";
import { reportLinks } from "../components/report_links";
import { EvidencePanel } from "../field/evidence_panel";
import { mountFieldList } from "../field/field_list";
import { FieldMap, LAYERS, type Layer } from "../field/field_map";
import { FlightReplay } from "../field/flight_replay";
import { loadLedger, loadNutrients, loadSettlement } from "../field/ledger_panels";
import { amountsPanel, deviationPanel } from "../field/pass_panels";
import {
  cellsOfZones,
  type Applied,
  type CellMap,
  type Deviation,
  type MapSettings,
  type Named,
  type PassItem,
  type ZoneMap,
} from "../field/records";
import { seasonPanel } from "../field/season_panel";
import { dateTimeText } from "../i18n/instants";
import { areaText, areaUnitsPerHa, reasonText, toAreaUnit, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";

const PASSES_MS = 399 * 86_400_000;
const TIMEOUT_MS = 120_000;
const FILE_FORMATS = [
  ["geojson", "geojson"],
  ["csv", "csv"],
  ["png", "png"],
  ["geotiff", "tif"],
  ["isoxml", "zip"],
] as const;

export const mount: Mount = async (place, view) => {
  const id = view.route.parts[0];
  if (id === undefined) {
    await mountFieldList(place, view);
    return;
  }
  const field = await request<FieldRecord>(`/v1/fields/${encodeURIComponent(id)}`, { signal: view.signal });
  view.setTitle(field.name);
  const page = new FieldPage(field, view);
  place.append(page.element);
  await page.start();
};

class FieldPage {
  readonly element: HTMLElement;
  readonly #field: FieldRecord;
  readonly #view: View;
  readonly #map: FieldMap;
  readonly #evidence: EvidencePanel;
  readonly #replay: FlightReplay;
  readonly #progress = new Progress();
  readonly #note = make("p", { class: "note", role: "status" });
  readonly #passNote = make("span", { class: "note" });
  readonly #passSelect = make("select", { id: "pass" });
  readonly #layers = make("fieldset", { class: "choices-row layers" });
  readonly #panels = make("div", { class: "panels" });
  readonly #swath = make("input", { id: "draw-swath", type: "number", min: 0.5, max: 100, step: 0.1, inputmode: "decimal" });
  readonly #rate = make("input", { id: "draw-rate", type: "number", min: 0.1, max: 100_000, step: "any", inputmode: "decimal" });
  readonly #implement = make("select", { id: "draw-implement" });
  readonly #prescription = make("select", { id: "draw-prescription" });
  readonly #cellSize = make("select", { id: "draw-cell" });
  #passes: PassItem[] = [];
  #pass: PassItem | null = null;

  constructor(field: FieldRecord, view: View) {
    this.#field = field;
    this.#view = view;
    this.#map = new FieldMap(field, (longitudeDeg, latitudeDeg) => this.#showEvidence(longitudeDeg, latitudeDeg));
    this.#evidence = new EvidencePanel(({ cell }) => this.#map.markCell(cell.west_deg, cell.south_deg, cell.east_deg, cell.north_deg));
    this.#replay = new FlightReplay(this.#map);
    view.onLeave(() => {
      this.#replay.close();
      this.#map.view.close();
    });
    this.element = make(
      "div",
      { class: "field" },
      make(
        "div",
        { class: "page-head" },
        make("a", { href: hrefOf("field") }, translate("page_field")),
        make("h1", {}, field.name),
        make("span", { class: "note" }, [areaText(field.usable_area_m2), field.owner].filter(Boolean).join(" · ")),
      ),
      make("div", { class: "choices-row" }, labelled(this.#passSelect, translate("field_pass")), this.#passNote),
      this.#progress.element,
      this.#note,
      make(
        "div",
        { class: "field-layout" },
        make("div", { class: "field-left" }, this.#layers, this.#map.element, this.#settingsForm(), this.#replay.element),
        this.#evidence.element,
      ),
      this.#panels,
    );
  }

  async start(): Promise<void> {
    const { signal, route } = this.#view;
    const now = nowMs();
    const loaded = await this.#progress.run(async () =>
      Promise.all([
        requestAll<PassItem>(`/v1/fields/${this.#field.id}/passes`, {
          signal,
          timeoutMs: TIMEOUT_MS,
          query: { start: Math.round(now - PASSES_MS), end: Math.round(now) + 1, limit: 1000 },
        }),
        requestAll<Named>("/v1/prescriptions", { signal, query: { field: this.#field.id } }),
        listAll((cursor) => api.GET("/v1/implements", { params: { query: cursorQuery(cursor) }, signal })),
      ]),
    );
    if (loaded === null || signal.aborted) return;
    const [passes, prescriptions, implementRecords] = loaded;
    // An implement sets the swath of the map; the pass itself is not changed.
    this.#implement.replaceChildren(
      make("option", { value: "" }, translate("field_implement_own")),
      ...implementRecords.map(({ name, swath_m: swathM }) =>
        make("option", { value: swathM }, name + translate("in_brackets", { text: withUnit(swathM, "m") })),
      ),
    );
    this.#implement.addEventListener("change", () => (this.#swath.value = this.#implement.value));
    this.#passes = passes;
    this.#prescription.replaceChildren(
      make("option", { value: "" }, translate("field_prescription_own")),
      ...prescriptions.map(({ id, name }) => make("option", { value: id }, name)),
    );
    this.#prescription.value = route.query.get("prescription") ?? "";
    this.#buildLayers();
    if (passes.length === 0) {
      setText(this.#note, translate("field_no_pass"));
      this.#passSelect.disabled = true;
      this.#passSelect.append(make("option", {}, "—"));
      this.#replay.element.hidden = true;
      this.#panels.replaceChildren(this.#nutrients(), this.#ledger(null));
      await this.#progress.run(() => this.#drawPlan(prescriptions));
      return;
    }
    this.#passSelect.replaceChildren(
      ...[...passes]
        .reverse()
        .map((pass) =>
          make(
            "option",
            { value: pass.id },
            translate("field_pass_item", { time: dateTimeText(pass.start_ms), device: this.#view.farm.nameOf(pass.device) }),
          ),
        ),
    );
    const selected = passes.find((pass) => pass.id === route.query.get("pass")) ?? passes.at(-1);
    this.#passSelect.value = selected?.id ?? "";
    this.#passSelect.addEventListener("change", () => void this.#openPass(passes.find((pass) => pass.id === this.#passSelect.value)));
    await this.#openPass(selected);
  }

  // Without a pass the map displays the prescription alone.
  async #drawPlan(prescriptions: readonly Named[]): Promise<void> {
    const chosen = prescriptions.find(({ id }) => id === this.#prescription.value) ?? prescriptions.at(-1);
    if (!chosen) return;
    const { signal } = this.#view;
    const zones = await request<ZoneMap>(`/v1/prescriptions/${chosen.id}/export`, {
      signal,
      query: { format: "geojson" },
      headers: { Accept: "*/*" },
    });
    this.#prescription.value = chosen.id;
    this.#layers.querySelector<HTMLInputElement>('input[value="planned"]')?.click();
    await this.#map.drawCells(cellsOfZones(zones));
    this.element.dataset["drawn"] = chosen.id;
  }

  async #openPass(pass: PassItem | undefined): Promise<void> {
    if (!pass) return;
    this.#pass = pass;
    this.#view.setQuery("pass", pass.id);
    const marks = [
      translate(pass.declared ? "field_declared_pass" : "field_detected_pass"),
      pass.evidence ? term("evidence", pass.evidence) : "",
      pass.simulated ? translate("simulated") : "",
    ];
    setText(this.#passNote, marks.filter(Boolean).join(" · "));
    const detail = await this.#view.farm.detail(pass.device).catch(() => null);
    const replayLoaded = this.#replay
      .load(pass, Object.keys(detail?.channels ?? {}), this.#view.signal)
      .catch((error: unknown) => this.#view.showMessage(errorText(error)));
    await Promise.all([
      this.#draw(),
      this.#map.view.ready.then(
        () => replayLoaded,
        () => undefined,
      ),
    ]);
  }

  // The map is drawn first; the panels follow with the same settings.
  async #draw(): Promise<void> {
    const pass = this.#pass;
    if (pass === null) return;
    const { signal } = this.#view;
    const [path, query] = [`/v1/passes/${encodeURIComponent(pass.id)}`, { ...this.#mapSettings() }];
    const swathQuery = { swath_m: query.swath_m };
    this.#panels.replaceChildren(
      this.#settlement(pass),
      this.#nutrients(),
      this.#ledger(pass.id),
      this.#season(),
      this.#files(path, query, pass),
    );
    setText(this.#note, translate("field_drawing"));
    this.element.dataset["drawn"] = "";
    const cells = await this.#progress.run(async () => {
      try {
        return await request<CellMap>(`${path}/cells`, { signal, query: { ...query }, timeoutMs: TIMEOUT_MS });
      } catch (error) {
        if (error instanceof ApiError && error.kind === "no-implement")
          throw new ApiError(error.status, error.kind, translate("field_swath_needed"));
        throw error;
      }
    });
    setText(this.#note, cells?.reason ? translate("field_no_comparison", { reason: reasonText(cells.reason) }) : "");
    await this.#map.drawCells(cells);
    this.element.dataset["drawn"] = cells === null ? "failed" : pass.id;
    if (cells === null || signal.aborted) return;
    const answers = await this.#progress.run(async () =>
      Promise.all([
        request<Applied>(`${path}/as-applied`, { signal, query: { ...swathQuery, cell_m: cells.cell_m }, timeoutMs: TIMEOUT_MS }),
        cells.reason === null
          ? request<Deviation>(`${path}/deviation`, { signal, query: { ...query, cell_m: cells.cell_m }, timeoutMs: TIMEOUT_MS })
          : null,
      ]),
    );
    if (answers === null || signal.aborted) return;
    const [applied, deviation] = answers;
    this.#map.drawSpots(applied.cover);
    this.#panels.prepend(
      amountsPanel(applied),
      ...(deviation === null
        ? []
        : [deviationPanel(deviation, (region) => this.#showEvidence(region.longitude_deg, region.latitude_deg, true))]),
    );
  }

  #showEvidence(longitudeDeg: number, latitudeDeg: number, focus = false): void {
    if (this.#pass !== null)
      void this.#evidence.show(this.#pass.id, this.#mapSettings(), longitudeDeg, latitudeDeg, this.#view.signal, focus);
  }

  #mapSettings(): MapSettings {
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
      const settings: Record<string, string | number> = { ...this.#mapSettings() };
      for (const name of ["swath_m", "planned_rate_ha", "prescription", "cell_m"])
        this.#view.setQuery(name, name in settings ? String(settings[name]) : null);
      if (this.#pass !== null) void this.#draw();
    };
    return make(
      "form",
      { class: "choices-row draw", "aria-label": translate("field_map_settings"), onsubmit: draw },
      labelled(this.#implement, translate("field_implement")),
      labelled(this.#swath, translate("field_swath"), translate("field_swath_hint")),
      labelled(this.#rate, translate("field_rate", { unit: toAreaUnit(1, "kg/ha").unit }), translate("field_rate_hint")),
      labelled(this.#prescription, translate("field_prescription")),
      labelled(this.#cellSize, translate("field_cell")),
      make("button", { type: "submit", class: "primary" }, translate("field_draw")),
    );
  }

  #buildLayers(): void {
    const stored = this.#view.route.query.get("layer") as Layer | null;
    const selected = stored !== null && LAYERS.includes(stored) ? stored : "deviation";
    const radio = (layer: Layer): HTMLElement => {
      const input = make("input", { type: "radio", name: "layer", value: layer, checked: layer === selected });
      input.addEventListener("change", () => {
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
    );
    this.#map.setLayer(selected);
  }

  #settlement(pass: PassItem): HTMLElement {
    return foldedPanel(translate("field_settlement"), "settlement", () =>
      loadSettlement(pass.id, this.#mapSettings().swath_m, this.#view.signal),
    );
  }

  #nutrients(): HTMLElement {
    return foldedPanel(translate("field_nutrients"), "nutrients", () => loadNutrients(this.#field.id, this.#view.signal));
  }

  #ledger(pass: string | null): HTMLElement {
    return foldedPanel(translate("field_ledger"), "ledger", () => loadLedger(this.#field.id, pass, this.#view.signal));
  }

  #season(): HTMLElement {
    return foldedPanel(translate("field_season_passes"), "season", async () =>
      seasonPanel(
        this.#passes,
        () => this.#mapSettings().swath_m,
        (device) => this.#view.farm.nameOf(device),
        this.#view.signal,
      ),
    );
  }

  #files(path: string, query: MapSettings, pass: PassItem): HTMLElement {
    const swathQuery = { swath_m: query.swath_m };
    return foldedPanel(translate("field_files"), "files", async () => [
      ...FILE_FORMATS.map(([format, extension]) =>
        fileButton(translate(`field_file_${format}`), `${path}/as-applied`, `as-applied-${pass.start_ms}.${extension}`, {
          query: { ...swathQuery, format },
        }),
      ),
      fileButton(translate("field_file_resume"), `${path}/resume.plan`, `resume-${pass.start_ms}.plan`, { query: swathQuery }),
      ...reportLinks(`${path}/report`, `pass-${pass.start_ms}`),
    ]);
  }
}
