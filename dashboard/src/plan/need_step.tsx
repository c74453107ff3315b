// Step 2 of a plan: what the crop needs, what it was given, what this dressing gives, what is kept.

import "../i18n/plan";
import type { JSX } from "preact";
import { areaText, numberText, reasonText } from "../i18n/numbers";
import { dateText } from "../i18n/instants";
import { listText, translate } from "../i18n/translate";
import { NumberRow, labelOf, numberOf, shownOf } from "./number_row";
import type { Draft, Plan } from "./plan_state";

type Need = NonNullable<Plan["need"]>;

export function NeedStep({ plan, draft }: { plan: Plan; draft: Draft }): JSX.Element | null {
  const { need } = plan;
  if (need === null) return null;
  const now = need.now.value;
  return (
    <>
      <p class="plan-answer" role="status">
        {now === null
          ? translate("plan_need_missing", { names: listText(need.missing.map(labelOf)) })
          : now > 0
            ? translate("plan_need_now", { amount: numberOf(need.now) })
            : translate("plan_need_done")}
      </p>
      <p class="note">{translate(need.stage === "base" ? "plan_base" : "plan_top")}</p>
      {now === null ? null : <Bar need={need} />}
      <ul class="plan-given plain-list" hidden={need.given.length === 0}>
        {need.given.map((given) => (
          <li key={given.pass_id} data-given={given.pass_id}>
            <span>
              {given.n_kg_ha === null
                ? translate("plan_given_unknown", { date: dateText(given.start_ms), reason: reasonText(given.reason) })
                : translate("plan_given", { date: dateText(given.start_ms), product: given.product ?? "" })}
              {given.skipped_m2 !== null && given.skipped_m2 >= 1 ? (
                <small> {translate("plan_missed", { area: areaText(given.skipped_m2) })}</small>
              ) : null}
            </span>
            <output>{given.n_kg_ha === null ? "—" : numberOf({ ...need.given_n, value: given.n_kg_ha })}</output>
          </li>
        ))}
      </ul>
      {need.unknown_passes > 0 ? <p class="note">{translate("plan_unknown_passes", { n: need.unknown_passes })}</p> : null}
      <NumberRow number={need.total} label={translate("plan_total")} draft={draft} />
      <NumberRow number={need.elsewhere} label={translate("plan_elsewhere")} draft={draft} />
      <NumberRow number={need.now} label={translate("plan_now")} />
      <NumberRow number={need.later} label={translate("plan_later")} draft={draft} />
      <h4>{translate("plan_worked_from")}</h4>
      {need.inputs.map((number) => (
        <NumberRow key={number.name} number={number} label={labelOf(number.name)} draft={draft} />
      ))}
      <div class="plan-foot">
        <strong>{now === null ? "" : numberOf(need.now)} N</strong>
        <button type="button" class="primary" data-act="to-prescription" onClick={() => draft.show("prescription")}>
          {translate("plan_to_prescription")}
        </button>
      </div>
    </>
  );
}

/** The need as a bar: given, now, later. Its parts are said by the rows beneath. */
function Bar({ need }: { need: Need }): JSX.Element {
  const given = (need.given_n.value ?? 0) + (need.elsewhere.value ?? 0);
  const parts = [
    ["given", given],
    ["now", need.now.value ?? 0],
    ["later", need.later.value ?? 0],
  ] as const;
  const total = parts.reduce((sum, [, value]) => sum + value, 0) || 1;
  const { factor } = shownOf("kg/ha");
  let at = 0;
  return (
    <svg class="plan-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      {parts.map(([name, value]) => {
        const width = (100 * value) / total;
        at += width;
        return (
          <rect key={name} data-part={name} x={at - width} y="0" width={width} height="10">
            <title>{numberText(value * factor, 1)}</title>
          </rect>
        );
      })}
    </svg>
  );
}
