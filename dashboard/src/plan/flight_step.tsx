// Step 5 of a plan: the passes that carried it out, what they missed, and the mission for the rest.

import "../i18n/field_pass";
import "../i18n/plan";
import type { JSX } from "preact";
import type { FieldRecord } from "../api/registry";
import { hrefOfThing } from "../app/address";
import { dateText } from "../i18n/instants";
import { term, translate } from "../i18n/translate";
import type { Draft, Plan } from "./plan_state";

export function FlightStep({ field, plan, draft }: { field: FieldRecord; plan: Plan; draft: Draft }): JSX.Element {
  const newest = plan.flown.at(-1);
  return (
    <>
      {newest === undefined ? <p>{translate("plan_flight_none")}</p> : null}
      <ul class="plain-list">
        {plan.flown.map(({ pass_id: id, start_ms: startMs, state }) => (
          <li key={id}>
            <a href={hrefOfThing({ kind: "pass", field: field.id, id })}>
              {translate("plan_flight_open", { date: dateText(startMs), state: term("pass_states", state) })}
            </a>
          </li>
        ))}
      </ul>
      <div class="choices-row">
        {newest === undefined || newest.state === "flying" ? null : (
          <a class="button" href={hrefOfThing({ kind: "rest", field: field.id, pass: newest.pass_id })}>
            {translate("pass_rest_title")}
          </a>
        )}
        <a href={hrefOfThing({ kind: "field", id: field.id, tab: "weather" })}>{translate("plan_flight_window")}</a>
        <button type="button" class="secondary" onClick={draft.again}>
          {translate("plan_again")}
        </button>
      </div>
    </>
  );
}
