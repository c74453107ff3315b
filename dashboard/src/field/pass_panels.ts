// Panels about a pass: amounts, and the comparison with the plan.

import "../i18n/field";
import "../i18n/field_work";
import { make } from "../components/dom";
import { captionedTable, fact } from "../components/parts";
import { answerTile } from "../components/value_tile";
import { areaText, numberText, shareText, unitText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import type { Applied, Deviation, Plan, Region } from "./records";

const MAX_REGIONS = 12;
const BALANCE = [
  "released",
  "outside",
  "buffer",
  "exclusion",
  "unlocated",
  "usable",
  "unplanned",
  "not_to_treat",
  "compared",
] as const satisfies (keyof Deviation["balance"])[];
const FIELD_PARTS = ["usable", "buffer", "exclusion", "outside", "unlocated"] as const;

export function amountsPanel(applied: Applied): HTMLElement {
  const { places, cover, reconciliation, unit } = applied;
  const parts = FIELD_PARTS.filter((part) => part === "usable" || places[part] > 0);
  const sources: [string, number | null][] = [
    [translate("field_by_flow"), reconciliation.by_flow],
    [translate("field_by_tank"), reconciliation.by_tank],
    [translate("field_by_curve"), reconciliation.by_pump_curve],
  ];
  const withShare = (areaM2: number): string =>
    areaText(areaM2) + (cover.field_m2 > 0 ? translate("in_brackets", { text: shareText(areaM2 / cover.field_m2) }) : "");
  return make(
    "section",
    { class: "card", "data-panel": "applied" },
    make("h2", {}, translate("field_amounts")),
    make(
      "div",
      { class: "answers" },
      answerTile(translate("field_amount"), applied.amount, 2),
      answerTile(translate("field_mean_rate"), applied.rate),
      fact(translate("field_covered"), withShare(cover.covered_m2)),
      fact(translate("field_overlap"), withShare(cover.overlap_m2)),
      // A pass that is under way has skipped nothing yet.
      cover.skipped_m2 === null ? null : fact(translate("field_skipped"), withShare(cover.skipped_m2)),
      cover.remaining_m2 === null ? null : fact(translate("field_remaining"), withShare(cover.remaining_m2)),
      cover.beside_m2 < 0.5 ? null : fact(translate("field_beside"), areaText(cover.beside_m2)),
      applied.uniformity.field_cv_pct === null ? null : fact(translate("field_cv"), `${numberText(applied.uniformity.field_cv_pct, 1)} %`),
    ),
    cover.skipped_m2 === null ? null : make("p", { class: "note" }, translate("field_areas_are")),
    make("p", { class: "note" }, `${translate("work_drift")}: ${driftText(applied.drift)}`),
    applied.amount.value === null
      ? null
      : make(
          "div",
          { class: "two" },
          captionedTable(
            translate("field_distribution"),
            [translate("field_part"), translate("field_amount"), translate("field_share")],
            parts.map((part) => [
              term("field_parts", part),
              withUnit(places[part], unit, 2),
              places.released > 0 ? shareText(places[part] / places.released) : "—",
            ]),
            translate("field_closure", { share: shareText(places.closure, 2) }),
          ),
          captionedTable(
            translate("field_reconciliation"),
            [translate("field_source"), translate("field_amount")],
            sources.map(([name, amount]) => [name, amount === null ? translate("unknown") : withUnit(amount, unit, 2)]),
          ),
        ),
  );
}

function driftText({ basis, shift_east_m: east, shift_north_m: north, uncertain_m: uncertain }: Applied["drift"]): string {
  const [key, metres] =
    basis === "not_known" ? (["work_drift_uncertain", uncertain] as const) : (["work_drift_shift", Math.hypot(east, north)] as const);
  return translate(key, { basis: term("drift_bases", basis), metres: numberText(metres, 1) });
}

export function planText(plan: Plan, unit: string): string {
  const rate = plan.rate_ha !== null ? withUnit(plan.rate_ha, `${unit}/ha`) : (plan.name ?? "");
  return rate + translate("in_brackets", { text: term("plan_sources", plan.source) });
}

export function deviationPanel(deviation: Deviation, onShowEvidence: (region: Region) => void): HTMLElement {
  const { unit, regions } = deviation;
  const shown = [...regions].sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference)).slice(0, MAX_REGIONS);
  const classes = Object.entries(deviation.class_m2).filter(([, areaM2]) => areaM2 > 0);
  const totalM2 = classes.reduce((sum, [, areaM2]) => sum + areaM2, 0);
  return make(
    "section",
    { class: "card", "data-panel": "deviation" },
    make("h2", {}, translate("field_deviation")),
    make("p", { class: "note" }, translate("field_plan_is", { plan: planText(deviation.plan, unit) })),
    make(
      "div",
      { class: "answers" },
      fact(translate("field_planned"), withUnit(deviation.planned, unit, 1)),
      fact(translate("field_applied"), withUnit(deviation.applied, unit, 1)),
      fact(translate("field_mean_deviation"), `${numberText(deviation.mean_deviation_pct, 1)} %`),
      fact(translate("field_on_target"), shareText(deviation.on_target_share, 1)),
    ),
    captionedTable(
      translate("work_balance"),
      [translate("field_amount"), unitText(unit)],
      BALANCE.filter((part) => part === "released" || part === "usable" || part === "compared" || deviation.balance[part] >= 0.005).map(
        (part) => [translate(`work_balance_${part}`), numberText(deviation.balance[part], 2)],
      ),
    ),
    captionedTable(
      translate("work_cause_table"),
      [translate("field_cause"), translate("field_off_target")],
      Object.entries(deviation.cause_m2)
        .filter(([name, areaM2]) => name !== "none" && areaM2 > 0)
        .sort(([, a], [, b]) => b - a)
        .map(([name, areaM2]) => [term("deviation_causes", name), areaText(areaM2)]),
    ),
    captionedTable(
      translate("field_area_by_class"),
      [translate("field_class"), translate("field_compared"), translate("field_share")],
      classes.map(([name, areaM2]) => [term("deviation_classes", name), areaText(areaM2), totalM2 > 0 ? shareText(areaM2 / totalM2) : "—"]),
    ),
    deviation.zones.length < 2
      ? null
      : captionedTable(
          translate("field_zones"),
          [
            translate("field_part"),
            translate("field_compared"),
            translate("field_planned"),
            translate("field_zone_applied"),
            translate("field_class"),
            translate("field_cause"),
          ],
          deviation.zones.map((zone) => [
            translate("field_zone", { zone: zone.zone }),
            areaText(zone.area_m2),
            withUnit(zone.planned_rate_ha, `${unit}/ha`),
            zone.applied_rate_ha === null ? translate("unknown") : withUnit(zone.applied_rate_ha, `${unit}/ha`),
            zone.kind ? term("deviation_classes", zone.kind) : "—",
            zone.cause && zone.cause !== "none" ? term("deviation_causes", zone.cause) : "—",
          ]),
        ),
    shown.length === 0
      ? make("p", {}, translate("field_no_regions"))
      : captionedTable(
          translate("field_regions"),
          [
            translate("field_class"),
            translate("field_cause"),
            translate("field_off_target"),
            translate("field_difference"),
            translate("field_evidence_short"),
          ],
          shown.map((region) => [
            term("deviation_classes", region.kind),
            term("deviation_causes", region.cause) || "—",
            areaText(region.area_m2),
            withUnit(region.difference, unit, 2),
            make("button", { type: "button", class: "plain", onclick: () => onShowEvidence(region) }, translate("field_show_evidence")),
          ]),
          regions.length > shown.length ? translate("field_more_regions", { n: shown.length, all: regions.length }) : "",
        ),
  );
}
