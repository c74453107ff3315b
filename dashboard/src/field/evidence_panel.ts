// Why one cell shows what it shows: plan, what came down, each visit and the samples behind it, and the ledger.

import { api, got } from "../api/client";
import { hrefOf } from "../app/address";
import { make } from "../components/dom";
import { Progress } from "../components/progress";
import { clockText, dateTimeText } from "../i18n/instants";
import { numberText, shareText, withUnit } from "../i18n/numbers";
import { channelName, word, wordOf } from "../i18n/translate";
import type { CellEvidence, CellSamples, CellVisit, DrawChoice } from "./records";

export class EvidencePanel {
  readonly element: HTMLElement;
  readonly #place = make("div", { class: "evidence-chain" }, make("p", { class: "note" }, word("field_evidence_hint")));
  readonly #progress = new Progress();
  readonly #title = make("h2", { tabindex: -1 }, word("field_evidence"));
  readonly #onCell: (evidence: CellEvidence) => void;

  constructor(onCell: (evidence: CellEvidence) => void) {
    this.#onCell = onCell;
    this.element = make("section", { class: "card evidence-card", "aria-live": "polite", "data-panel": "evidence" }, this.#title, this.#progress.element, this.#place);
  }

  /** Ask for the cell at a place of the map that `drawn` describes, and show it. */
  async show(pass: string, drawn: DrawChoice, longitudeDeg: number, latitudeDeg: number, signal: AbortSignal, focus = false): Promise<void> {
    const told = await this.#progress.run(() => got(api.GET("/v1/passes/{pass_id}/cell", {
      params: { path: { pass_id: pass }, query: { latitude_deg: latitudeDeg, longitude_deg: longitudeDeg, ...drawn } }, signal,
    })));
    if (told === null) return;
    this.#onCell(told);
    const { cell } = told;
    const [middleLongitude, middleLatitude] = [(cell.west_deg + cell.east_deg) / 2, (cell.south_deg + cell.north_deg) / 2];
    const step = (name: "north" | "south" | "west" | "east", east: number, north: number): HTMLElement =>
      make("button", {
        type: "button", class: "secondary", "data-step": name,
        onclick: () => void this.show(pass, drawn, middleLongitude + east * (cell.east_deg - cell.west_deg), middleLatitude + north * (cell.north_deg - cell.south_deg), signal)
          .then(() => this.#place.querySelector<HTMLElement>(`[data-step="${name}"]`)?.focus()),
      }, word(`field_${name}`));
    this.#place.replaceChildren(
      make("p", { class: "note" }, word("field_cell_at", {
        size: numberText(cell.cell_m, cell.cell_m % 1 === 0 ? 0 : 1), latitude: numberText(middleLatitude, 6), longitude: numberText(middleLongitude, 6),
        place: wordOf("field_place", cell.place, cell.place),
      })),
      make("div", { class: "steps", role: "group", "aria-label": word("field_step") }, step("west", -1, 0), step("north", 0, 1), step("south", 0, -1), step("east", 1, 0)),
      summaryOf(told),
      make("h3", {}, word("field_visits")),
      ...(told.visits.length === 0 ? [make("p", { class: "note" }, word("field_no_visits"))] : told.visits.map((visit) => visitOf(visit, told.unit))),
      provenanceOf(told));
    if (focus) this.#title.focus();
  }
}

function summaryOf(told: CellEvidence): HTMLElement {
  const unit = `${told.unit}/ha`;
  const { planned, applied } = told;
  const row = (name: string, value: string, ...more: (string | null)[]): HTMLElement =>
    make("div", {}, make("dt", {}, name), make("dd", {}, make("strong", {}, value), " ", make("span", { class: "note" }, more.filter(Boolean).join(" · "))));
  return make("dl", { class: "facts" },
    planned === null || planned.rate_ha === null
      ? row(word("field_planned"), word("field_not_planned"), told.reason ? wordOf("field_reason", told.reason, told.reason) : null)
      : row(word("field_planned"), withUnit(planned.rate_ha, unit), planned.zone === null ? null : word("field_zone", { zone: planned.zone }), planned.plan.name, wordOf("field_plan", planned.plan.source, planned.plan.source)),
    row(word("field_applied"), applied.rate_ha === null ? word("field_not_known") : withUnit(applied.rate_ha, unit),
      applied.amount === null ? null : word("field_amount_here", { amount: withUnit(applied.amount, told.unit, 4) }),
      applied.evidence ? wordOf("evidence", applied.evidence, applied.evidence) : null,
      told.simulated ? word("simulated") : null),
    told.difference_ha === null ? null : row(word("field_difference"), withUnit(told.difference_ha, unit), told.kind ? wordOf("field_class", told.kind, told.kind) : null),
    told.cause && told.cause !== "none" ? row(word("field_cause"), wordOf("field_cause", told.cause, told.cause)) : null,
    make("div", {}, make("dt", {}, word("how")), make("dd", { class: "note" }, `${applied.method.id} v${applied.method.version} — ${applied.method.source}`)));
}

function visitOf(visit: CellVisit, unit: string): HTMLElement {
  const facts: [string, number | null, string, number][] = [
    [word("field_speed"), visit.speed_m_s, "m/s", 1], [word("field_height"), visit.height_m, "m", 1], [word("field_wind"), visit.wind_m_s, "m/s", 1],
    [word("field_flow"), visit.flow_per_min, `${unit}/min`, 2], [word("field_hopper"), visit.hopper_kg, "kg", 1],
  ];
  return make("article", { class: "visit" },
    make("h4", {}, word("field_visit", { time: `${dateTimeText(visit.start_ms)} (${clockText(visit.start_ms)})`, seconds: numberText((visit.end_ms - visit.start_ms) / 1000, 1) })),
    make("p", {},
      [visit.amount === null ? word("field_not_known") : withUnit(visit.amount, unit, 4), visit.share === null ? "" : word("field_visit_share", { share: shareText(visit.share) }),
        word("field_beside", { distance: withUnit(visit.beside_m, "m", 2) })].filter(Boolean).join(" · ")),
    make("p", { class: "note" }, facts.filter(([, value]) => value !== null).map(([name, value, of, digits]) => `${name} ${withUnit(value as number, of, digits)}`).join(" · ")),
    make("details", {}, make("summary", {}, word("field_samples")),
      make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...visit.samples.map(sampleRow)))),
      make("a", { href: visit.series_url }, word("field_all_samples"))));
}

function sampleRow(samples: CellSamples): HTMLElement {
  const quality = Object.entries(samples.quality).map(([flag, n]) => word("field_sample_quality", { n, flag: wordOf("field_flag", flag, flag) })).join(", ");
  return make("tr", {},
    make("th", { scope: "row" }, channelName(samples.channel)),
    make("td", {}, wordOf("field_role", samples.role, samples.role)),
    make("td", {}, [samples.sensor, samples.evidence ? wordOf("evidence", samples.evidence, samples.evidence) : null].filter(Boolean).join(" · ")),
    make("td", {}, `${word("field_sample_count", { n: samples.n })}: ${quality}`));
}

function provenanceOf(told: CellEvidence): HTMLElement {
  const entries = told.ledger.map((entry) => make("li", {}, word("field_in_ledger", { seq: entry.seq, kind: wordOf("field_entry", entry.kind, entry.kind), hash: `${entry.hash.slice(0, 12)}…` })));
  return make("ul", { class: "provenance" },
    make("li", {}, word("field_told_by", { gateway: told.gateway || "—", clock: told.clock ?? word("unknown") }), " · ", make("a", { href: hrefOf("health", [], { gateway: told.gateway }) }, word("field_delivery"))),
    make("li", {}, told.conflicts > 0 ? word("field_conflicts", { n: told.conflicts }) : word("field_no_conflicts")),
    ...(entries.length > 0 ? entries : [make("li", {}, word("field_not_in_ledger"))]));
}
