// Panels about a pass: amounts, and the comparison with the plan.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { AnswerTile } from "../components/value_tile";
import type { Applied, Deviation, Plan, Region } from "../field/records";
import { areaText, numberText, shareText, unitText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { CaptionedTable, Fact } from "./parts";

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

export function Amounts({ applied }: { applied: Applied }): JSX.Element {
  const { places, cover, reconciliation, unit } = applied;
  const parts = FIELD_PARTS.filter((part) => part === "usable" || places[part] > 0);
  const sources: [string, number | null][] = [
    [translate("field_by_flow"), reconciliation.by_flow],
    [translate("field_by_tank"), reconciliation.by_tank],
    [translate("field_by_curve"), reconciliation.by_pump_curve],
  ];
  const share = (areaM2: number): string =>
    areaText(areaM2) + (cover.field_m2 > 0 ? translate("in_brackets", { text: shareText(areaM2 / cover.field_m2) }) : "");
  return (
    <section class="card" data-panel="applied">
      <h2>{translate("field_amounts")}</h2>
      <div class="answers">
        <AnswerTile name={translate("field_amount")} answer={applied.amount} digits={2} />
        <AnswerTile name={translate("field_mean_rate")} answer={applied.rate} />
        <Fact name={translate("field_covered")}>{share(cover.covered_m2)}</Fact>
        <Fact name={translate("field_overlap")}>{share(cover.overlap_m2)}</Fact>
        {/* A pass that is under way has skipped nothing yet. */}
        {cover.skipped_m2 === null ? null : <Fact name={translate("field_skipped")}>{share(cover.skipped_m2)}</Fact>}
        {cover.remaining_m2 === null ? null : <Fact name={translate("field_remaining")}>{share(cover.remaining_m2)}</Fact>}
        {cover.beside_m2 < 0.5 ? null : <Fact name={translate("field_beside")}>{areaText(cover.beside_m2)}</Fact>}
        {applied.uniformity.field_cv_pct === null ? null : (
          <Fact name={translate("field_cv")}>{`${numberText(applied.uniformity.field_cv_pct, 1)} %`}</Fact>
        )}
      </div>
      {cover.skipped_m2 === null ? null : <p class="note">{translate("field_areas_are")}</p>}
      <p class="note">{`${translate("work_drift")}: ${driftText(applied.drift)}`}</p>
      {applied.amount.value === null ? null : (
        <div class="two">
          <CaptionedTable
            caption={translate("field_distribution")}
            heads={[translate("field_part"), translate("field_amount"), translate("field_share")]}
            rows={parts.map((part) => [
              term("field_parts", part),
              withUnit(places[part], unit, 2),
              places.released > 0 ? shareText(places[part] / places.released) : "—",
            ])}
            note={translate("field_closure", { share: shareText(places.closure, 2) })}
          />
          <CaptionedTable
            caption={translate("field_reconciliation")}
            heads={[translate("field_source"), translate("field_amount")]}
            rows={sources.map(([name, known]) => [name, known === null ? translate("unknown") : withUnit(known, unit, 2)])}
          />
        </div>
      )}
    </section>
  );
}

function driftText({ basis, shift_east_m: east, shift_north_m: north, uncertain_m: uncertain }: Applied["drift"]): string {
  const [key, metres] =
    basis === "not_known" ? (["work_drift_uncertain", uncertain] as const) : (["work_drift_shift", Math.hypot(east, north)] as const);
  return translate(key, { basis: term("drift_bases", basis), metres: numberText(metres, 1) });
}

function planText(plan: Plan, unit: string): string {
  const rate = plan.rate_ha !== null ? withUnit(plan.rate_ha, `${unit}/ha`) : (plan.name ?? "");
  return rate + translate("in_brackets", { text: term("plan_sources", plan.source) });
}

export function AgainstPlan({ deviation, onShow }: { deviation: Deviation; onShow: (region: Region) => void }): JSX.Element {
  const { unit } = deviation;
  const classes = Object.entries(deviation.class_m2).filter(([, areaM2]) => areaM2 > 0);
  const totalM2 = classes.reduce((sum, [, areaM2]) => sum + areaM2, 0);
  return (
    <section class="card" data-panel="deviation">
      <h2>{translate("field_deviation")}</h2>
      <p class="note">{translate("field_plan_is", { plan: planText(deviation.plan, unit) })}</p>
      <div class="answers">
        <Fact name={translate("field_planned")}>{withUnit(deviation.planned, unit, 1)}</Fact>
        <Fact name={translate("field_applied")}>{withUnit(deviation.applied, unit, 1)}</Fact>
        <Fact name={translate("field_mean_deviation")}>{`${numberText(deviation.mean_deviation_pct, 1)} %`}</Fact>
        <Fact name={translate("field_on_target")}>{shareText(deviation.on_target_share, 1)}</Fact>
      </div>
      <CaptionedTable
        caption={translate("work_balance")}
        heads={[translate("field_amount"), unitText(unit)]}
        rows={BALANCE.filter(
          (part) => part === "released" || part === "usable" || part === "compared" || deviation.balance[part] >= 0.005,
        ).map((part) => [translate(`work_balance_${part}`), numberText(deviation.balance[part], 2)])}
      />
      <CaptionedTable
        caption={translate("work_cause_table")}
        heads={[translate("field_cause"), translate("field_off_target")]}
        rows={Object.entries(deviation.cause_m2)
          .filter(([name, areaM2]) => name !== "none" && areaM2 > 0)
          .sort(([, a], [, b]) => b - a)
          .map(([name, areaM2]) => [term("deviation_causes", name), areaText(areaM2)])}
      />
      <CaptionedTable
        caption={translate("field_area_by_class")}
        heads={[translate("field_class"), translate("field_compared"), translate("field_share")]}
        rows={classes.map(([name, areaM2]) => [
          term("deviation_classes", name),
          areaText(areaM2),
          totalM2 > 0 ? shareText(areaM2 / totalM2) : "—",
        ])}
      />
      {deviation.zones.length < 2 ? null : <Zones deviation={deviation} />}
      <Regions deviation={deviation} onShow={onShow} />
    </section>
  );
}

function Zones({ deviation: { zones, unit } }: { deviation: Deviation }): JSX.Element {
  return (
    <CaptionedTable
      caption={translate("field_zones")}
      heads={[
        translate("field_part"),
        translate("field_compared"),
        translate("field_planned"),
        translate("field_zone_applied"),
        translate("field_class"),
        translate("field_cause"),
      ]}
      rows={zones.map((zone) => [
        translate("field_zone", { zone: zone.zone }),
        areaText(zone.area_m2),
        withUnit(zone.planned_rate_ha, `${unit}/ha`),
        zone.applied_rate_ha === null ? translate("unknown") : withUnit(zone.applied_rate_ha, `${unit}/ha`),
        zone.kind ? term("deviation_classes", zone.kind) : "—",
        zone.cause && zone.cause !== "none" ? term("deviation_causes", zone.cause) : "—",
      ])}
    />
  );
}

function Regions({ deviation: { regions, unit }, onShow }: { deviation: Deviation; onShow: (region: Region) => void }): JSX.Element {
  const shown = [...regions].sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference)).slice(0, MAX_REGIONS);
  if (shown.length === 0) return <p>{translate("field_no_regions")}</p>;
  return (
    <CaptionedTable
      caption={translate("field_regions")}
      heads={[
        translate("field_class"),
        translate("field_cause"),
        translate("field_off_target"),
        translate("field_difference"),
        translate("field_evidence_short"),
      ]}
      rows={shown.map((region) => [
        term("deviation_classes", region.kind),
        term("deviation_causes", region.cause) || "—",
        areaText(region.area_m2),
        withUnit(region.difference, unit, 2),
        <button key="evidence" type="button" class="plain" onClick={() => onShow(region)}>
          {translate("field_show_evidence")}
        </button>,
      ])}
      note={regions.length > shown.length ? translate("field_more_regions", { n: shown.length, all: regions.length }) : ""}
    />
  );
}
