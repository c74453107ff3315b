// What gateways do with the farm's alarm rules: one gateway in words, and the list of the rules' page.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import type { ListItem } from "../api/client";
import { FILES_GATEWAY } from "../api/registry";
import { dateTimeText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { findTerm, listText, term, translate } from "../i18n/translate";

export type RulesStanding = ListItem<"/v1/gateway-rules">;

const REFRESH_MS = 10_000;
/** Return what the gateways do with the rules, without the station's own import of files. */
export function useRulesAtGateways(): readonly RulesStanding[] {
  const answer = useApi("/v1/gateway-rules", {}, { everyMs: REFRESH_MS });
  return (answer.data?.items ?? []).filter(({ gateway }) => gateway !== FILES_GATEWAY);
}

/** Return whether a person should look at it; a gateway that is offline waits as it should. */
export function isRulesTrouble({ state, trouble, refused, unsaved, left_out }: RulesStanding): boolean {
  return state === "refused" || Boolean(trouble) || (refused ?? 0) > 0 || unsaved === true || (left_out ?? []).length > 0;
}

/** Return in one sentence what a gateway does with the current rules, since when and why. */
export function rulesText(standing: RulesStanding): string {
  const { state, since_ms, reason, trouble } = standing;
  const what = term("gateway_rules", state);
  const since =
    typeof since_ms !== "number"
      ? ""
      : translate(state === "waiting" ? "alarms_gateway_sent" : "alarms_gateway_since", { when: dateTimeText(since_ms) });
  const why = reason ? term("rules_refusals", reason) : trouble ? translate("alarms_gateway_not_sent") : "";
  return [what, since, why].filter(Boolean).join(" · ");
}

/** Return what differs from "all rules hold there", as sentences. */
export function rulesRemarks(standing: RulesStanding): string[] {
  const names = (found: readonly string[] | undefined): string =>
    listText((found ?? []).map((name) => findTerm("alarm_rules", name) ?? name));
  const remark = (key: Parameters<typeof translate>[0], found: readonly string[] | undefined, count = (found ?? []).length): string =>
    count === 0 ? "" : translate(key, { count: numberText(count, 0), names: names(found) });
  return [
    remark("alarms_gateway_refused", standing.refused_names, standing.refused ?? 0),
    remark("alarms_gateway_left_out", standing.left_out),
    remark("alarms_gateway_station_only", standing.station_only),
    remark("alarms_gateway_replaced", standing.replaced_names, standing.replaced ?? 0),
    standing.unsaved === true ? translate("alarms_gateway_unsaved") : "",
  ].filter(Boolean);
}

export function RulesAtGateways(): JSX.Element | null {
  const standings = useRulesAtGateways();
  if (standings.length === 0) return null;
  return (
    <section class="card" data-panel="gateway-rules">
      <h2>{translate("alarms_gateway_rules")}</h2>
      <p class="note">{translate("alarms_gateway_rules_about")}</p>
      <ul class="plain-list">
        {standings.map((standing) => (
          <li key={standing.gateway} data-gateway-rules={standing.gateway} data-state={standing.state}>
            <strong>{standing.gateway}</strong>
            <p class={isRulesTrouble(standing) ? "error" : ""}>{rulesText(standing)}</p>
            {rulesRemarks(standing).map((text) => (
              <p key={text} class="note">
                {text}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </section>
  );
}
