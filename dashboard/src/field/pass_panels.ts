// What a pass applied, and how that stands against its plan.

import { make } from "../components/dom";
import { answerTile } from "../components/value_tile";
import { groundText, numberText, shareText, withUnit } from "../i18n/numbers";
import { word, wordOf } from "../i18n/translate";
import type { Applied, Deviation, Plan, Region } from "./records";

const MOST_PARTS = 12;

export function appliedPanel(applied: Applied): HTMLElement {
  const { places, cover, reconciliation, unit } = applied;
  const parts = (["usable", "buffer", "exclusion", "outside", "unlocated"] as const).filter((part) => part === "usable" || places[part] > 0);
  const by: [string, number | null][] = [
    [word("field_by_flow"), reconciliation.by_flow], [word("field_by_tank"), reconciliation.by_tank], [word("field_by_curve"), reconciliation.by_pump_curve],
  ];
  const share = (area: number): string => (cover.field_m2 > 0 ? ` (${shareText(area / cover.field_m2)})` : "");
  return make("section", { class: "card", "data-panel": "applied" },
    make("h2", {}, word("field_amounts")),
    make("div", { class: "answers" },
      answerTile(word("field_amount"), applied.amount, 2), answerTile(word("field_mean_rate"), applied.rate),
      plain(word("field_covered"), `${groundText(cover.covered_m2)}${share(cover.covered_m2)}`),
      plain(word("field_overlap"), `${groundText(cover.overlap_m2)}${share(cover.overlap_m2)}`),
      plain(word("field_skipped"), `${groundText(cover.skipped_m2)}${share(cover.skipped_m2)}`),
      applied.uniformity.field_cv_pct === null ? null : plain(word("field_cv"), `${numberText(applied.uniformity.field_cv_pct, 1)} %`)),
    applied.amount.value === null ? null : make("div", { class: "two" },
      table(word("field_where"), [word("field_part"), word("field_amount"), word("field_share")],
        parts.map((part) => [part === "unlocated" ? word("field_unlocated") : wordOf("field_place", part, part), withUnit(places[part], unit, 2), places.released > 0 ? shareText(places[part] / places.released) : "—"]),
        word("field_closure", { share: shareText(places.closure, 2) })),
      table(word("field_reconciliation"), [word("field_source"), word("field_amount")], by.map(([name, value]) => [name, value === null ? word("field_not_known") : withUnit(value, unit, 2)]))));
}

export function planText(plan: Plan, unit: string): string {
  const what = plan.rate_ha !== null ? withUnit(plan.rate_ha, `${unit}/ha`) : (plan.name ?? plan.prescription ?? "");
  return `${what} (${wordOf("field_plan", plan.source, plan.source)})`;
}

export function deviationPanel(deviation: Deviation, onLook: (region: Region) => void): HTMLElement {
  const { unit, regions } = deviation;
  const shown = [...regions].sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference)).slice(0, MOST_PARTS);
  const kinds = Object.entries(deviation.class_m2).filter(([, area]) => area > 0);
  const total = kinds.reduce((sum, [, area]) => sum + area, 0);
  return make("section", { class: "card", "data-panel": "deviation" },
    make("h2", {}, word("field_deviation")),
    make("p", { class: "note" }, word("field_plan_is", { plan: planText(deviation.plan, unit) })),
    make("div", { class: "answers" },
      plain(word("field_planned"), withUnit(deviation.planned, unit, 1)), plain(word("field_applied"), withUnit(deviation.applied, unit, 1)),
      plain(word("field_mean_deviation"), `${numberText(deviation.mean_deviation_pct, 1)} %`), plain(word("field_on_target"), shareText(deviation.on_target_share))),
    table(word("field_kind"), [word("field_kind"), word("field_ground"), word("field_share")],
      kinds.map(([kind, area]) => [wordOf("field_class", kind, kind), groundText(area), total > 0 ? shareText(area / total) : "—"])),
    deviation.zones.length < 2 ? null : table(word("field_zones"), [word("field_part"), word("field_ground"), word("field_planned"), word("field_applied"), word("field_kind"), word("field_cause")],
      deviation.zones.map((zone) => [
        word("field_zone", { zone: zone.zone }), groundText(zone.area_m2), withUnit(zone.planned_rate_ha, `${unit}/ha`),
        zone.applied_rate_ha === null ? word("field_not_known") : withUnit(zone.applied_rate_ha, `${unit}/ha`),
        zone.kind ? wordOf("field_class", zone.kind, zone.kind) : "—", zone.cause ? wordOf("field_cause", zone.cause, zone.cause) : "—",
      ])),
    shown.length === 0 ? make("p", {}, word("field_no_parts")) : table(word("field_parts"),
      [word("field_kind"), word("field_cause"), word("field_ground"), word("field_difference"), word("field_look")],
      shown.map((region) => [
        wordOf("field_class", region.kind, region.kind), wordOf("field_cause", region.cause, region.cause), groundText(region.area_m2), withUnit(region.difference, unit, 2),
        make("button", { type: "button", class: "plain", onclick: () => onLook(region) }, word("field_look")),
      ]), regions.length > shown.length ? word("field_more_parts", { n: shown.length, all: regions.length }) : ""));
}

export function plain(name: string, value: string): HTMLElement {
  return make("div", { class: "answer" }, make("span", { class: "answer-name" }, name), make("span", { class: "answer-value" }, make("span", { class: "figure" }, value)));
}

/** Return a table; the first column heads its rows. */
export function table(caption: string, heads: string[], rows: (string | Node)[][], note = ""): HTMLElement {
  return make("div", { class: "scroll" },
    make("table", {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make("tbody", {}, ...rows.map((cells) => make("tr", {}, ...cells.map((cell, index) => (index === 0 ? make("th", { scope: "row" }, cell) : make("td", {}, cell))))))),
    note ? make("p", { class: "note" }, note) : null);
}
