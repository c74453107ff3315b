// Evidence of a cell: the plan, the applied amount, each visit with its samples, and the ledger.

import "../i18n/field";
import { api, dataOf } from "../api/client";
import { LastChoice } from "../api/last_choice";
import { hrefOfThing } from "../app/address";
import { make } from "../components/dom";
import { Progress } from "../components/progress";
import { clockText, dateTimeText } from "../i18n/instants";
import { numberText, reasonText, shareText, withUnit } from "../i18n/numbers";
import { channelName, listText, methodText, term, translate } from "../i18n/translate";
import type { CellEvidence, CellSamples, CellVisit, MapSettings } from "./records";

const DIRECTIONS = [
  ["west", -1, 0],
  ["north", 0, 1],
  ["south", 0, -1],
  ["east", 1, 0],
] as const;
const HASH_LETTERS = 12;

export class EvidencePanel {
  readonly element: HTMLElement;
  readonly #place = make("div", { class: "evidence-chain" }, make("p", { class: "note" }, translate("field_evidence_hint")));
  readonly #progress = new Progress();
  readonly #title = make("h2", { tabindex: -1 }, translate("field_evidence"));
  readonly #onCell: (evidence: CellEvidence) => void;
  readonly #last: LastChoice;

  /** `left` is aborted when the page is left. */
  constructor(left: AbortSignal, onCell: (evidence: CellEvidence) => void) {
    this.#last = new LastChoice(left);
    this.#onCell = onCell;
    this.element = make(
      "section",
      { class: "card evidence-card", "aria-live": "polite", "data-panel": "evidence" },
      this.#title,
      this.#progress.element,
      this.#place,
    );
  }

  /** Display the evidence of the cell at a position of the map that was drawn with `settings`. */
  async show(pass: string, settings: MapSettings, longitudeDeg: number, latitudeDeg: number, focus = false): Promise<void> {
    const evidence = await this.#progress.run(() =>
      this.#last.run(({ signal }) =>
        dataOf(
          api.GET("/v1/passes/{pass_id}/cell", {
            params: { path: { pass_id: pass }, query: { latitude_deg: latitudeDeg, longitude_deg: longitudeDeg, ...settings } },
            signal,
          }),
        ),
      ),
    );
    if (evidence === null) return;
    this.#onCell(evidence);
    const { cell } = evidence;
    const [centreLongitude, centreLatitude] = [(cell.west_deg + cell.east_deg) / 2, (cell.south_deg + cell.north_deg) / 2];
    const neighbours = DIRECTIONS.map(([name, east, north]) =>
      make(
        "button",
        {
          type: "button",
          class: "secondary",
          "data-step": name,
          onclick: () =>
            void this.show(
              pass,
              settings,
              centreLongitude + east * (cell.east_deg - cell.west_deg),
              centreLatitude + north * (cell.north_deg - cell.south_deg),
            ).then(() => this.#place.querySelector<HTMLElement>(`[data-step="${name}"]`)?.focus()),
        },
        translate(`field_${name}`),
      ),
    );
    this.#place.replaceChildren(
      make(
        "p",
        { class: "note" },
        translate("field_cell_at", {
          size: numberText(cell.cell_m, cell.cell_m % 1 === 0 ? 0 : 1),
          latitude: numberText(centreLatitude, 6),
          longitude: numberText(centreLongitude, 6),
          part: term("field_parts", cell.place),
        }),
      ),
      make("div", { class: "steps", role: "group", "aria-label": translate("field_neighbours") }, ...neighbours),
      summaryList(evidence),
      make("h3", {}, translate("field_visits")),
      ...(evidence.visits.length === 0
        ? [make("p", { class: "note" }, translate("field_no_visits"))]
        : evidence.visits.map((visit) => visitArticle(visit, evidence.unit))),
      provenanceList(evidence),
    );
    if (focus) this.#title.focus();
  }

  /** Display no cell: what it was about is not displayed any more. */
  clear(): void {
    this.#last.end();
    this.#place.replaceChildren(make("p", { class: "note" }, translate("field_evidence_hint")));
  }
}

function summaryList(evidence: CellEvidence): HTMLElement {
  const rateUnit = `${evidence.unit}/ha`;
  const { planned, applied } = evidence;
  const row = (name: string, value: string, ...notes: (string | null)[]): HTMLElement =>
    make(
      "div",
      {},
      make("dt", {}, name),
      make("dd", {}, make("strong", {}, value), " ", make("span", { class: "note" }, notes.filter(Boolean).join(" · "))),
    );
  return make(
    "dl",
    { class: "facts" },
    planned === null || planned.rate_ha === null
      ? row(translate("field_planned"), translate("field_not_planned"), evidence.reason ? reasonText(evidence.reason) : null)
      : row(
          translate("field_planned"),
          withUnit(planned.rate_ha, rateUnit),
          planned.zone === null ? null : translate("field_zone", { zone: planned.zone }),
          planned.plan.name,
          term("plan_sources", planned.plan.source),
        ),
    row(
      translate("field_applied"),
      applied.rate_ha === null ? translate("unknown") : withUnit(applied.rate_ha, rateUnit),
      applied.amount === null ? null : translate("field_amount_in_cell", { amount: withUnit(applied.amount, evidence.unit, 4) }),
      applied.evidence ? term("evidence", applied.evidence) : null,
      evidence.simulated ? translate("simulated") : null,
    ),
    evidence.difference_ha === null
      ? null
      : row(
          translate("field_difference"),
          withUnit(evidence.difference_ha, rateUnit),
          evidence.kind ? term("deviation_classes", evidence.kind) : null,
        ),
    evidence.cause && evidence.cause !== "none" ? row(translate("field_cause"), term("deviation_causes", evidence.cause)) : null,
    make("div", {}, make("dt", {}, translate("method")), make("dd", { class: "note" }, methodText(applied.method))),
  );
}

function visitArticle(visit: CellVisit, unit: string): HTMLElement {
  const conditions: [string, number | null, string, number][] = [
    [translate("field_speed"), visit.speed_m_s, "m/s", 1],
    [translate("field_height"), visit.height_m, "m", 1],
    [channelName("wind_speed_m_s"), visit.wind_m_s, "m/s", 1],
    [translate("field_flow"), visit.flow_per_min, `${unit}/min`, 2],
    [channelName("hopper_kg"), visit.hopper_kg, "kg", 1],
  ];
  const amount = [
    visit.amount === null ? translate("unknown") : withUnit(visit.amount, unit, 4),
    visit.share === null ? "" : translate("field_visit_share", { share: shareText(visit.share) }),
    translate("field_distance", { distance: withUnit(visit.beside_m, "m", 2) }),
  ];
  return make(
    "article",
    { class: "visit" },
    make(
      "h4",
      {},
      translate("field_visit", {
        time: `${dateTimeText(visit.start_ms)} (${clockText(visit.start_ms)})`,
        seconds: numberText((visit.end_ms - visit.start_ms) / 1000, 1),
      }),
    ),
    make("p", {}, amount.filter(Boolean).join(" · ")),
    make(
      "p",
      { class: "note" },
      conditions
        .filter(([, value]) => value !== null)
        .map(([name, value, conditionUnit, digits]) => `${name} ${withUnit(value as number, conditionUnit, digits)}`)
        .join(" · "),
    ),
    make(
      "details",
      {},
      make("summary", {}, translate("field_samples")),
      make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...visit.samples.map(sampleRow)))),
      make("a", { href: visit.series_url }, translate("field_all_samples")),
    ),
  );
}

function sampleRow(samples: CellSamples): HTMLElement {
  const quality = listText(
    Object.entries(samples.quality).map(([flag, n]) => translate("field_sample_quality", { n, flag: term("quality", flag) })),
  );
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, channelName(samples.channel)),
    make("td", {}, term("sample_roles", samples.role)),
    make("td", {}, [samples.sensor, samples.evidence ? term("evidence", samples.evidence) : null].filter(Boolean).join(" · ")),
    make("td", {}, translate("field_sample_count", { n: samples.n, quality })),
  );
}

function provenanceList(evidence: CellEvidence): HTMLElement {
  const entries = evidence.ledger.map((entry) =>
    make(
      "li",
      {},
      translate("field_in_ledger", {
        seq: entry.seq,
        kind: term("ledger_entries", entry.kind),
        hash: `${entry.hash.slice(0, HASH_LETTERS)}…`,
      }),
    ),
  );
  return make(
    "ul",
    { class: "provenance" },
    make(
      "li",
      {},
      translate("field_reported_by", { gateway: evidence.gateway || "—", clock: term("clocks", evidence.clock ?? "unknown") }),
      " · ",
      make("a", { href: hrefOfThing({ kind: "gateway", id: evidence.gateway }) }, translate("field_delivery")),
    ),
    make("li", {}, evidence.conflicts > 0 ? translate("field_conflicts", { n: evidence.conflicts }) : translate("field_no_conflicts")),
    ...(entries.length > 0 ? entries : [make("li", {}, translate("field_not_in_ledger"))]),
  );
}
