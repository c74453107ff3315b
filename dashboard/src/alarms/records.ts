// Records of the alarms page, by the routes that answer them.

import "../i18n/alarms";
import type { Body, ListItem } from "../api/client";
import { localText, titleOf, type RuleCondition } from "../components/alarm_text";
import { findTerm } from "../i18n/translate";

export { titleOf };

export type AlarmItem = ListItem<"/v1/alarms">;
export type Rule = ListItem<"/v1/alarm-rules">;
export type Recipient = ListItem<"/v1/alarm-recipients">;
export type RecipientDelivery = ListItem<"/v1/alarm-recipients/delivery">;
export type MaintenanceWindow = ListItem<"/v1/maintenance-windows">;
export type Notification = Body<"/v1/alarm-notices/{notice}">;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Return the advice of a rule or its alarm; empty where it is the title already. */
export function adviceOf(named: { name: string; text: string; text_zh: string }): string {
  const advice = localText(named);
  return advice === titleOf(named) ? "" : advice;
}

/** Return the one condition of a rule that the form can change; null for a rule of several conditions. */
export function onlyCondition(rule: Rule): RuleCondition | null {
  const condition = rule.any_of[0]?.[0];
  const single = rule.any_of.length === 1 && rule.any_of[0]?.length === 1 && condition !== undefined;
  const plain =
    single &&
    condition.what !== "" &&
    condition.hours === null &&
    condition.rise_h === null &&
    condition.device === null &&
    condition.across === null &&
    condition.any_of.length === 0 &&
    condition.none_of.length === 0 &&
    condition.of === null;
  return plain ? condition : null;
}

export type Rota = ListItem<"/v1/duty-rotas">;

/** Return what a recipient is called: one that every farm has by the catalogue. */
export function shownName(name: string): string {
  return findTerm("default_names", name) ?? name;
}
