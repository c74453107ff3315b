// The list of fields, or one field: its passes on the map, what they rest on, and what follows from them.

import { all, api, at } from "../api/client";
import { nowMs } from "../api/clock";
import type { FieldRecord } from "../api/registry";
import { ask, askAll, AskError, sentenceOf } from "../api/request";
import { hrefOf } from "../app/address";
import type { Mount, View } from "../app/view";
import { make, setText } from "../components/dom";
import { fileButton } from "../components/file_button";
import { Progress } from "../components/progress";
import { reportLinks } from "../components/report_links";
import { EvidencePanel } from "../field/evidence_panel";
import { mountFieldList } from "../field/field_list";
import { FieldMap, LAYERS, type Layer } from "../field/field_map";
import { Replay } from "../field/flight_replay";
import { folded, labelled, loadLedger, loadNutrients, loadSettlement } from "../field/ledger_panels";
import { appliedPanel, deviationPanel } from "../field/pass_panels";
import { cellsOfZones, type Applied, type CellMap, type Deviation, type DrawChoice, type Named, type PassItem, type ZoneMap } from "../field/records";
import { seasonPanel } from "../field/season_panel";
import { dateTimeText } from "../i18n/instants";
import { areasPerHa, groundText, inChosenArea, withUnit } from "../i18n/numbers";
import { word, wordOf } from "../i18n/translate";

const LIST_MS = 399 * 86_400_000;
const PATIENCE_MS = 120_000;
const FILES = [["geojson", "geojson"], ["csv", "csv"], ["png", "png"], ["geotiff", "tif"], ["isoxml", "zip"]] as const;

export const mount: Mount = async (place, view) => {
  const id = view.route.parts[0];
  if (id === undefined) {
    await mountFieldList(place, view);
    return;
  }
  const field = await ask<FieldRecord>(`/v1/fields/${encodeURIComponent(id)}`, { signal: view.signal });
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
  readonly #replay: Replay;
  readonly #progress = new Progress();
  readonly #note = make("p", { class: "note", role: "status" });
  readonly #passNote = make("span", { class: "note" });
  readonly #choose = make("select", { id: "pass" });
  readonly #layers = make("fieldset", { class: "choices-row layers" });
  readonly #panels = make("div", { class: "panels" });
  readonly #swath = make("input", { id: "draw-swath", type: "number", min: 0.5, max: 100, step: 0.1, inputmode: "decimal" });
  readonly #rate = make("input", { id: "draw-rate", type: "number", min: 0.1, max: 100_000, step: "any", inputmode: "decimal" });
  readonly #implement = make("select", { id: "draw-implement" });
  readonly #prescription = make("select", { id: "draw-prescription" });
  readonly #cell = make("select", { id: "draw-cell" });
  #passes: PassItem[] = [];
  #pass: PassItem | null = null;

  constructor(field: FieldRecord, view: View) {
    this.#field = field;
    this.#view = view;
    this.#map = new FieldMap(field, (longitudeDeg, latitudeDeg) => this.#look(longitudeDeg, latitudeDeg));
    this.#evidence = new EvidencePanel(({ cell }) => this.#map.mark(cell.west_deg, cell.south_deg, cell.east_deg, cell.north_deg));
    this.#replay = new Replay(this.#map);
    view.onLeave(() => {
      this.#replay.close();
      this.#map.ground.close();
    });
    this.element = make("div", { class: "field" },
      make("div", { class: "page-head" },
        make("a", { href: hrefOf("field") }, word("page_field")), make("h1", {}, field.name),
        make("span", { class: "note" }, [groundText(field.usable_area_m2), field.owner].filter(Boolean).join(" · "))),
      make("div", { class: "choices-row" }, labelled(this.#choose, word("field_pass")), this.#passNote),
      this.#progress.element, this.#note,
      make("div", { class: "field-ground" },
        make("div", { class: "field-left" }, this.#layers, this.#map.element, this.#drawForm(), this.#replay.element),
        this.#evidence.element),
      this.#panels);
  }

  async start(): Promise<void> {
    const { signal, route } = this.#view;
    const now = nowMs();
    const found = await this.#progress.run(async () => Promise.all([
      askAll<PassItem>(`/v1/fields/${this.#field.id}/passes`, { signal, patienceMs: PATIENCE_MS, query: { start: Math.round(now - LIST_MS), end: Math.round(now) + 1, limit: 1000 } }),
      askAll<Named>("/v1/prescriptions", { signal, query: { field: this.#field.id } }),
      all((cursor) => api.GET("/v1/implements", { params: { query: at(cursor) }, signal })),
    ]));
    if (found === null || signal.aborted) return;
    const [passes, prescriptions, machines] = found;
    // Choosing one says its swath, here and now; the pass stays as it was told.
    this.#implement.replaceChildren(make("option", { value: "" }, word("field_implement_own")),
      ...machines.map((one) => make("option", { value: one.swath_m }, `${one.name} (${withUnit(one.swath_m, "m")})`)));
    this.#implement.addEventListener("change", () => (this.#swath.value = this.#implement.value));
    this.#passes = passes;
    this.#prescription.replaceChildren(make("option", { value: "" }, word("field_prescription_own")), ...prescriptions.map((one) => make("option", { value: one.id }, one.name)));
    this.#prescription.value = route.query.get("prescription") ?? "";
    this.#showLayers();
    if (passes.length === 0) {
      setText(this.#note, word("field_no_pass"));
      this.#choose.disabled = true;
      this.#choose.append(make("option", {}, "—"));
      this.#replay.element.hidden = true;
      this.#panels.replaceChildren(this.#nutrients(), this.#ledger(null));
      await this.#progress.run(() => this.#drawPlan(prescriptions));
      return;
    }
    this.#choose.replaceChildren(...[...passes].reverse().map((pass) => make("option", { value: pass.id },
      word("field_pass_item", { time: dateTimeText(pass.start_ms), device: this.#view.farm.nameOf(pass.device) }))));
    const wished = passes.find((pass) => pass.id === route.query.get("pass")) ?? passes.at(-1);
    this.#choose.value = wished?.id ?? "";
    this.#choose.addEventListener("change", () => void this.#open(passes.find((pass) => pass.id === this.#choose.value)));
    await this.#open(wished);
  }

  // Before anybody flew there is only the plan.
  async #drawPlan(prescriptions: readonly Named[]): Promise<void> {
    const chosen = prescriptions.find((one) => one.id === this.#prescription.value) ?? prescriptions.at(-1);
    if (!chosen) return;
    const { signal } = this.#view;
    const zones = await ask<ZoneMap>(`/v1/prescriptions/${chosen.id}/export`, { signal, query: { format: "geojson" }, headers: { Accept: "*/*" } });
    this.#prescription.value = chosen.id;
    this.#layers.querySelector<HTMLInputElement>('input[value="planned"]')?.click();
    await this.#map.drawCells(cellsOfZones(zones));
    this.element.dataset["drawn"] = chosen.id;
  }

  async #open(pass: PassItem | undefined): Promise<void> {
    if (!pass) return;
    this.#pass = pass;
    this.#view.keep("pass", pass.id);
    const marks = [word(pass.declared ? "field_declared_pass" : "field_found_pass"), pass.evidence ? wordOf("evidence", pass.evidence, pass.evidence) : "", pass.simulated ? word("simulated") : ""];
    setText(this.#passNote, marks.filter(Boolean).join(" · "));
    const detail = await this.#view.farm.detail(pass.device).catch(() => null);
    const replayed = this.#replay.load(pass, Object.keys(detail?.channels ?? {}), this.#view.signal).catch((error: unknown) => this.#view.say(sentenceOf(error)));
    await Promise.all([this.#draw(), this.#map.ground.ready.then(() => replayed, () => undefined)]);
  }

  // The map first; what is said about it comes after it and with the same choices.
  async #draw(): Promise<void> {
    const pass = this.#pass;
    if (pass === null) return;
    const { signal } = this.#view;
    const [path, query] = [`/v1/passes/${encodeURIComponent(pass.id)}`, { ...this.#drawn() }];
    const rest = { swath_m: query.swath_m };
    this.#panels.replaceChildren(this.#settlement(pass), this.#nutrients(), this.#ledger(pass.id), this.#season(), this.#files(path, query, pass));
    setText(this.#note, word("field_drawing"));
    this.element.dataset["drawn"] = "";
    const cells = await this.#progress.run(async () => {
      try {
        return await ask<CellMap>(`${path}/cells`, { signal, query: { ...query }, patienceMs: PATIENCE_MS });
      } catch (error) {
        if (error instanceof AskError && error.kind === "no-implement") throw new AskError(409, error.kind, word("field_need_swath", { detail: error.message }));
        throw error;
      }
    });
    setText(this.#note, cells?.reason ? word("field_no_judgement", { reason: wordOf("field_reason", cells.reason, cells.reason) }) : "");
    await this.#map.drawCells(cells);
    this.element.dataset["drawn"] = cells === null ? "failed" : pass.id;
    if (cells === null || signal.aborted) return;
    const told = await this.#progress.run(async () => Promise.all([
      ask<Applied>(`${path}/as-applied`, { signal, query: { ...rest, cell_m: cells.cell_m }, patienceMs: PATIENCE_MS }),
      cells.reason === null ? ask<Deviation>(`${path}/deviation`, { signal, query: { ...query, cell_m: cells.cell_m }, patienceMs: PATIENCE_MS }) : null,
    ]));
    if (told === null || signal.aborted) return;
    const [applied, deviation] = told;
    this.#map.drawCover(applied.cover);
    this.#panels.prepend(appliedPanel(applied), ...(deviation === null ? [] : [
      deviationPanel(deviation, (region) => this.#look(region.longitude_deg, region.latitude_deg, true)),
    ]));
  }

  #look(longitudeDeg: number, latitudeDeg: number, focus = false): void {
    if (this.#pass !== null) void this.#evidence.show(this.#pass.id, this.#drawn(), longitudeDeg, latitudeDeg, this.#view.signal, focus);
  }

  #drawn(): DrawChoice {
    const [swath, rate, cell] = [this.#swath, this.#rate, this.#cell].map((input) => (input.value === "" ? null : Number(input.value)));
    return {
      ...(swath ? { swath_m: swath } : {}), ...(cell ? { cell_m: cell } : {}),
      ...(rate ? { planned_rate_ha: rate * areasPerHa() } : this.#prescription.value ? { prescription: this.#prescription.value } : {}),
    };
  }

  #drawForm(): HTMLElement {
    const { query } = this.#view.route;
    this.#swath.value = query.get("swath_m") ?? "";
    this.#rate.value = query.has("planned_rate_ha") ? String(Number(query.get("planned_rate_ha")) / areasPerHa()) : "";
    this.#cell.append(make("option", { value: "" }, word("field_cell_auto")), ...[1, 2, 5, 10, 20].map((side) => make("option", { value: side }, String(side))));
    this.#cell.value = query.get("cell_m") ?? "";
    const draw = (event: Event): void => {
      event.preventDefault();
      const drawn: Record<string, string | number> = { ...this.#drawn() };
      for (const name of ["swath_m", "planned_rate_ha", "prescription", "cell_m"]) this.#view.keep(name, name in drawn ? String(drawn[name]) : null);
      if (this.#pass !== null) void this.#draw();
    };
    return make("form", { class: "choices-row draw", "aria-label": word("field_settings"), onsubmit: draw },
      labelled(this.#implement, word("field_implement")), labelled(this.#swath, word("field_swath"), word("field_swath_hint")), labelled(this.#rate, word("field_rate", { unit: inChosenArea(1, "kg/ha").unit }), word("field_rate_hint")),
      labelled(this.#prescription, word("field_prescription")), labelled(this.#cell, word("field_cell")),
      make("button", { type: "submit", class: "primary" }, word("field_draw")));
  }

  #showLayers(): void {
    const kept = this.#view.route.query.get("layer") as Layer | null;
    const chosen = kept !== null && LAYERS.includes(kept) ? kept : "deviation";
    const radio = (layer: Layer): HTMLElement => {
      const input = make("input", { type: "radio", name: "layer", value: layer, checked: layer === chosen });
      input.addEventListener("change", () => {
        this.#map.choose(layer);
        this.#view.keep("layer", layer);
      });
      return make("label", {}, input, " ", word(`field_layer_${layer}`));
    };
    const box = (what: "cover" | "track"): HTMLElement => {
      const input = make("input", { type: "checkbox", name: what, checked: true });
      input.addEventListener("change", () => this.#map.setVisible(what, input.checked));
      return make("label", {}, input, " ", word(`field_show_${what}`));
    };
    this.#layers.replaceChildren(make("legend", { class: "hidden" }, word("field_layer")), ...LAYERS.map(radio), box("cover"), box("track"));
    this.#map.choose(chosen);
  }

  #settlement(pass: PassItem): HTMLElement {
    return folded(word("field_settlement"), "settlement", () => loadSettlement(pass.id, this.#drawn().swath_m, this.#view.signal));
  }

  #nutrients(): HTMLElement {
    return folded(word("field_nutrients"), "nutrients", () => loadNutrients(this.#field.id, this.#view.signal));
  }

  #ledger(pass: string | null): HTMLElement {
    return folded(word("field_ledger"), "ledger", () => loadLedger(this.#field.id, pass, this.#view.signal));
  }

  #season(): HTMLElement {
    return folded(word("field_season_map"), "season", async () => seasonPanel(this.#passes, () => this.#drawn().swath_m, this.#view.signal));
  }

  #files(path: string, query: DrawChoice, pass: PassItem): HTMLElement {
    const rest = { swath_m: query.swath_m };
    return folded(word("field_files"), "files", async () => [
      ...FILES.map(([format, ending]) => fileButton(word(`field_file_${format}`), `${path}/as-applied`, `as-applied-${pass.start_ms}.${ending}`, { query: { ...rest, format } })),
      fileButton(word("field_file_resume"), `${path}/resume.plan`, `resume-${pass.start_ms}.plan`, { query: rest }),
      ...reportLinks(`${path}/report`, `pass-${pass.start_ms}`),
    ]);
  }
}
