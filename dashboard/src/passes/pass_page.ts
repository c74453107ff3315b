// State of the page about a field's passes: which is open, its map, and the answers about it. The last choice wins.

import "../i18n/field";
import "../i18n/field_work";
import { signal, type Signal } from "@preact/signals";
import { api, cursorQuery, listAll } from "../api/client";
import { nowMs } from "../api/clock";
import { LastChoice, type Choice } from "../api/last_choice";
import { requestSites, type FieldRecord } from "../api/registry";
import { ApiError, errorText, request, requestAll, requestResponse } from "../api/request";
import type { View } from "../app/view";
import { chosenOf, newestOf } from "../components/choice";
import { Progress } from "../components/progress";
import { WindMark } from "../components/wind_mark";
import { CellGrid } from "../field/cell_grid";
import { EvidencePanel } from "../field/evidence_panel";
import { FieldMap, LAYERS, type Layer } from "../field/field_map";
import { FlightReplay } from "../field/flight_replay";
import type { Applied, Deviation, HarvestPass, MapSettings, Named, PassItem, ZoneMap } from "../field/records";
import { numberText, reasonText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { readSettings, type MapForm } from "./map_form";
import type { Verdict } from "./pass_verdict";

const PASSES_MS = 399 * 86_400_000;
const TIMEOUT_MS = 120_000;
const FLYING_MS = 30_000;

interface WeatherHours {
  hours: { wind_speed_m_s: number | null }[];
}

export interface ImplementRecord {
  id: string;
  name: string;
  kind: string;
  swath_m: number;
}

/** What is known of the open pass; null where it is not, or not yet. */
export interface Answers {
  verdict: Verdict | null;
  applied: Applied;
  deviation: Deviation | null;
}

/** A drawing of a pass with its settings: panels of another one are made anew. */
export interface Drawing {
  number: number;
  pass: PassItem;
  settings: MapSettings;
}

export class PassPage {
  readonly map: FieldMap;
  readonly evidence: EvidencePanel;
  readonly replay: FlightReplay;
  readonly progress = new Progress();
  readonly passes: Signal<readonly PassItem[] | null> = signal(null);
  readonly harvests: Signal<readonly HarvestPass[]> = signal([]);
  readonly prescriptions: Signal<readonly Named[]> = signal([]);
  readonly implements: Signal<readonly ImplementRecord[]> = signal([]);
  readonly open: Signal<PassItem | null> = signal(null);
  /** The id of a pass that was asked for and is not there. */
  readonly missing: Signal<string | null> = signal(null);
  readonly note = signal("");
  readonly drawn = signal("");
  readonly drawing: Signal<Drawing | null> = signal(null);
  readonly answers: Signal<Answers | null> = signal(null);
  readonly layer: Signal<Layer> = signal("deviation");
  readonly form: Signal<MapForm>;
  readonly #wind = new WindMark();
  /** The site whose latest wind is shown, null for all; undefined where the pass is past. */
  #windSite: string | null | undefined;
  #isLayerChosen = false;
  readonly #last: LastChoice;
  readonly #lastReplay: LastChoice;
  /** The side of the cells that are drawn. */
  #cellM: number | undefined;
  #drawings = 0;

  constructor(
    readonly field: FieldRecord,
    readonly view: View,
  ) {
    this.form = signal(readSettings(view.route.query));
    this.#last = new LastChoice(view.signal);
    this.#lastReplay = new LastChoice(view.signal);
    this.map = new FieldMap(field, (longitudeDeg, latitudeDeg) => this.showEvidence(longitudeDeg, latitudeDeg));
    this.evidence = new EvidencePanel(view.signal, ({ cell }) =>
      this.map.markCell(cell.west_deg, cell.south_deg, cell.east_deg, cell.north_deg),
    );
    this.replay = new FlightReplay(this.map);
    const stored = view.route.query.get("layer") as Layer | null;
    this.#isLayerChosen = stored !== null && LAYERS.includes(stored);
    this.#showLayer(stored !== null && this.#isLayerChosen ? stored : "deviation");
  }

  close(): void {
    this.#last.end();
    this.#lastReplay.end();
    this.replay.close();
    this.map.view.close();
  }

  async start(): Promise<void> {
    const { signal: left, route } = this.view;
    const loaded = await this.progress.run(async () =>
      Promise.all([
        this.loadPasses(),
        requestAll<Named>("/v1/prescriptions", { signal: left, query: { field: this.field.id } }),
        listAll((cursor) => api.GET("/v1/implements", { params: { query: cursorQuery(cursor) }, signal: left })),
      ]),
    );
    if (loaded === null || left.aborted) return;
    [, this.prescriptions.value, this.implements.value] = loaded;
    const passes = this.passes.value ?? [];
    const asked = route.query.get("pass");
    if (passes.length === 0 && asked === null) {
      this.note.value = translate(this.harvests.value.length === 0 ? "field_no_pass" : "work_only_harvests");
      await this.progress.run(() => this.#drawPlan());
      return;
    }
    this.map.view.frame.append(this.#wind.element);
    this.view.repeat(1000, () => {
      if (this.#windSite !== undefined) this.#wind.show(this.view.farm, this.#windSite);
    });
    // What is under way is named, and what is open at first is the newest that has ended.
    const selected = chosenOf(passes, asked, newestOf(passes.filter(({ state }) => state !== "flying")) ?? newestOf(passes));
    this.view.repeat(FLYING_MS, () => this.#followFlights());
    if (selected === undefined) this.#showMissing(asked ?? "");
    else await this.openPass(selected);
  }

  async loadPasses(): Promise<void> {
    const now = nowMs();
    const query = { start: Math.round(now - PASSES_MS), end: Math.round(now) + 1, limit: 1000 };
    const options = { signal: this.view.signal, timeoutMs: TIMEOUT_MS, query };
    [this.passes.value, this.harvests.value] = await Promise.all([
      requestAll<PassItem>(`/v1/fields/${this.field.id}/passes`, options),
      requestAll<HarvestPass>(`/v1/fields/${this.field.id}/harvest-passes`, options),
    ]);
  }

  async openPass(pass: PassItem): Promise<void> {
    this.missing.value = null;
    this.open.value = pass;
    this.view.setQuery("pass", pass.id);
    this.replay.clear();
    this.map.clear();
    await Promise.all([this.draw(), this.#loadReplay(pass), this.#showWind(pass)]);
  }

  /** Open a pass that was just declared. */
  async openDeclared(id: string): Promise<void> {
    this.view.setQuery("pass", id);
    await this.progress.run(() => this.loadPasses());
    const declared = this.passes.value?.find((each) => each.id === id);
    if (declared) void this.openPass(declared);
  }

  async draw(): Promise<void> {
    const pass = this.open.value;
    if (pass === null) return;
    // What belongs to the pass or the settings before goes at once.
    this.drawing.value = null;
    this.answers.value = null;
    this.evidence.clear();
    this.drawn.value = "";
    this.note.value = translate("field_drawing");
    await this.#last.run((choice) => this.#drawChoice(pass, choice));
  }

  showEvidence(longitudeDeg: number, latitudeDeg: number, focus = false): void {
    const settings = { ...this.settings(), ...(this.#cellM === undefined ? {} : { cell_m: this.#cellM }) };
    if (this.open.value !== null) void this.evidence.show(this.open.value.id, settings, longitudeDeg, latitudeDeg, focus);
  }

  chooseLayer(layer: Layer): void {
    this.#isLayerChosen = true;
    this.#showLayer(layer);
    this.view.setQuery("layer", layer);
  }

  /** What is entered, and for a machine without an implement the width that it reported. */
  settings(): MapSettings {
    const reported = reportedSwath(this.open.value);
    return { ...(reported === null ? {} : { swath_m: reported }), ...this.form.value.entered };
  }

  /** The unit of rates: litres where the implement applies liquids. */
  rateUnit(): string {
    const id = this.form.value.implement || this.open.value?.implement;
    return this.implements.value.find((each) => each.id === id)?.kind === "sprayer" ? "L/ha" : "kg/ha";
  }

  /** While a pass is under way, ask how far it is; once it has ended, its page is that of a pass that has. */
  async #followFlights(): Promise<void> {
    if (!this.passes.value?.some(({ state }) => state === "flying")) return;
    const open = this.open.value;
    await this.loadPasses();
    if (this.open.value !== open) return;
    const now = this.passes.value?.find(({ id }) => id === open?.id);
    if (open?.state === "flying" && now && now.state !== "flying") await this.openPass(now);
  }

  /** Show the wind of the pass: the latest while it flies, else that of its hours; of the field's site, another may be far away. */
  async #showWind(pass: PassItem): Promise<void> {
    this.#wind.hide();
    this.#windSite = undefined;
    try {
      const sites = await requestSites();
      const site = sites.find(({ id }) => id === this.field.site)?.name ?? null;
      if (this.open.value !== pass || (site === null && sites.length > 1)) return;
      if (pass.state === "flying") {
        this.#windSite = site;
        return;
      }
      const query = { start: pass.start_ms, end: Math.max(pass.end_ms, pass.start_ms + 1) };
      const options = { signal: this.view.signal, query };
      const { hours } = await request<WeatherHours>(`/v1/fields/${this.field.id}/weather-window`, options);
      if (this.open.value !== pass) return;
      const speeds = hours.map(({ wind_speed_m_s: speed }) => speed).filter((speed) => speed !== null);
      this.#wind.showPast(speeds, pass.simulated);
    } catch {
      // A map without a wind says none.
    }
  }

  // Without a pass the map displays the prescription alone.
  async #drawPlan(): Promise<void> {
    const prescriptions = this.prescriptions.value;
    const chosen = chosenOf(prescriptions, this.form.value.prescription, newestOf(prescriptions));
    if (!chosen) return;
    const zones = await request<ZoneMap>(`/v1/prescriptions/${chosen.id}/export`, {
      signal: this.view.signal,
      query: { format: "geojson" },
      headers: { Accept: "*/*" },
    });
    this.form.value = { ...this.form.value, prescription: chosen.id };
    this.chooseLayer("planned");
    await this.map.view.ready.catch(() => undefined);
    this.map.drawZones(zones);
    this.drawn.value = chosen.id;
  }

  /** Say that there is no pass of an id: another one is not what was asked for. */
  #showMissing(id: string): void {
    this.note.value = "";
    this.drawn.value = "missing";
    this.missing.value = id;
  }

  async #loadReplay(pass: PassItem): Promise<void> {
    try {
      await this.#lastReplay.run(async (choice) => {
        const detail = await choice.of(this.view.farm.detail(pass.device).catch(() => null));
        await this.replay.load(pass, Object.keys(detail?.channels ?? {}), choice);
      });
    } catch (error) {
      this.view.showMessage(errorText(error));
    }
  }

  // The map is drawn first; the panels follow with the same settings.
  async #drawChoice(pass: PassItem, choice: Choice): Promise<void> {
    const settings = this.settings();
    this.#drawings += 1;
    this.drawing.value = { number: this.#drawings, pass, settings };
    await choice.of(this.map.view.ready.catch(() => undefined));
    if (pass.implement === null && settings.swath_m === undefined) {
      // Nothing is guessed: without a swath there is no map.
      this.note.value = translate("field_swath_needed");
      this.map.drawCells(null);
      this.drawn.value = "no-swath";
      return;
    }
    const cells = await this.#askCells(pass, settings, choice);
    const notes = this.#notesOf(pass, cells?.head.reason ?? null);
    this.note.value = notes.join(" ");
    this.#cellM = cells?.head.cell_m;
    const isFlying = pass.state === "flying";
    // Without a plan there is no deviation to draw: what was applied is, until the user chooses.
    if (cells !== null && !this.#isLayerChosen) this.#showLayer(cells.head.reason === null ? "deviation" : "applied");
    this.map.drawCells(cells, isFlying);
    this.drawn.value = cells === null ? "failed" : pass.id;
    if (cells === null) return;
    const answers = await this.#askAnswers(pass, settings, cells.head.reason === null, choice);
    if (answers === null) return;
    this.map.drawSpots(answers.applied.cover);
    this.map.setSwath(answers.applied.swath_m);
    this.note.value = [...notes, sizesText(answers.applied.cell_m, cells.head.cell_m)].join(" ");
    this.answers.value = answers;
  }

  async #askCells(pass: PassItem, settings: MapSettings, { signal: left, of }: Choice): Promise<CellGrid | null> {
    const options = {
      signal: left,
      query: { ...settings, format: "safetensors" },
      headers: { Accept: "*/*" },
      timeoutMs: TIMEOUT_MS,
    };
    return of(
      this.progress.run(async () => {
        try {
          return CellGrid.read(await (await requestResponse(`${pathOf(pass)}/cells`, options)).arrayBuffer());
        } catch (error) {
          if (error instanceof ApiError && error.kind === "no-implement")
            throw new ApiError(error.status, error.kind, translate("field_swath_needed"));
          throw error;
        }
      }),
    );
  }

  async #askAnswers(pass: PassItem, settings: MapSettings, isCompared: boolean, { signal: left, of }: Choice): Promise<Answers | null> {
    const { prescription: _, planned_rate_ha: __, ...appliedQuery } = settings;
    const options = { signal: left, timeoutMs: TIMEOUT_MS };
    const query = { ...settings };
    return of(
      this.progress.run(async () => {
        const [applied, deviation, verdict] = await Promise.all([
          request<Applied>(`${pathOf(pass)}/as-applied`, { ...options, query: { ...appliedQuery, format: "summary" } }),
          isCompared ? request<Deviation>(`${pathOf(pass)}/deviation`, { ...options, query }) : null,
          request<Verdict>(`${pathOf(pass)}/verdict`, { ...options, query }),
        ]);
        return { applied, deviation, verdict };
      }),
    );
  }

  #notesOf(pass: PassItem, reason: string | null): string[] {
    const reported = this.form.value.entered.swath_m === undefined ? reportedSwath(pass) : null;
    const swath = reported === null ? "" : translate("work_swath_reported", { swath: withUnit(reported, "m") });
    const comparison = reason === null ? "" : translate("field_no_comparison", { reason: reasonText(reason) });
    return [
      pass.state === "flying" ? translate("work_pass_flying") : "",
      this.#implementText(pass),
      swath,
      reason === "pass_under_way" ? "" : comparison,
    ].filter(Boolean);
  }

  /** What is taken for a pass whose implement nobody declared, and why; empty where it was declared. */
  #implementText(pass: PassItem): string {
    const name = this.implements.value.find(({ id }) => id === pass.implement)?.name;
    if (name === undefined || pass.implement_basis === null || pass.implement_basis === "declared") return "";
    return translate("work_implement_taken", { name, basis: term("implement_basis", pass.implement_basis) });
  }

  #showLayer(layer: Layer): void {
    this.layer.value = layer;
    this.map.setLayer(layer);
  }
}

function sizesText(figuresM: number, mapM: number): string {
  const [figures, map] = [figuresM, mapM].map((side) => numberText(side, side % 1 === 0 ? 0 : 2)) as [string, string];
  return figures === map ? translate("work_cells", { map }) : translate("work_cells_two", { figures, map });
}

/** Return the address of a pass's answers. */
export function pathOf(pass: PassItem): string {
  return `/v1/passes/${encodeURIComponent(pass.id)}`;
}

function reportedSwath(pass: PassItem | null): number | null {
  return pass?.implement === null ? pass.reported_width_m : null;
}
