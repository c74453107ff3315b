// Texts of alarms and of the conditions of alarm rules.

import "../i18n/alarms";
import type { ListItem } from "../api/client";
import { durationText } from "../i18n/instants";
import { numberText, unitText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { digitsOf, unitOfName } from "../i18n/quantities";
import { channelName, findTerm, term, translate } from "../i18n/translate";
import { forecastText, type AlarmForecast } from "./forecast_text";

/** Return the name of what a rule compares: its margin is that of the leaves, an answer's that of the coldest surface. */
export function whatText(what: string): string {
  return channelName(what === "condensation_margin_k" ? "leaf_condensation_margin_k" : what);
}

export type Severity = "info" | "warning" | "critical";
export const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/** The state of a condition when an alarm was raised. */
export interface AlarmValue {
  what: string;
  value: number | null;
  unit: string;
  condition: string;
  threshold: number | null;
  estimated: boolean;
  rule_limit?: number | null;
  forecast?: AlarmForecast | null;
}

/** Return what a rule or its alarm is called: a default rule by the catalogue, another by the text of its author. */
export function titleOf(named: { name: string; text: string; text_zh: string }): string {
  return findTerm("alarm_rules", named.name) ?? (localText(named) || named.text || named.text_zh || named.name);
}

export interface Alarm extends AlarmValue {
  id: string;
  rule: string;
  subject: string;
  name: string;
  severity: Severity;
  began_ms: number;
  raised_ms: number;
  ended_ms: number | null;
  ended_why: string | null;
  simulated: boolean;
  text: string;
  text_zh: string;
  acknowledged_ms: number | null;
  acknowledged_by: string | null;
  note: string;
  snoozed_until_ms: number | null;
}

/** One condition of an alarm rule, or groups of conditions in its place. */
export type RuleCondition = ListItem<"/v1/alarm-rules">["any_of"][number][number];

/** Channels that are on or off: their thresholds are not displayed. */
const SWITCHES = /(_on|_offline|_trouble)$/;

/** Return the title of a rule: of a default rule in the page's language, else the name that its author gave it. */
export function ruleTitle(name: string): string {
  return findTerm("alarm_rules", name) ?? name;
}

/** Return the text of a rule or an alarm in the page's language; empty where it has none. */
export function localText(texts: { text: string; text_zh: string }): string {
  return currentLanguage() === "en" ? texts.text : texts.text_zh;
}

/** Return an alarm's value and threshold: "Air temperature 1.2 °C (below 2.0 °C)". */
export function alarmValueText(alarm: AlarmValue): string {
  // An alarm of the farm's records has no value: its text says what it is about.
  if (alarm.what === "") return "";
  if (SWITCHES.test(alarm.what)) return whatText(alarm.what);
  const value = alarm.value === null ? translate("unknown") : quantityText(alarm.value, alarm.unit, alarm.what);
  const limit =
    alarm.threshold === null
      ? ""
      : translate("in_brackets", { text: limitText(alarm.condition, alarm.threshold, alarm.unit, alarm.what).trim() });
  // A gateway's limit is its own: where the farm's rule has another one, that is said.
  const other =
    alarm.rule_limit == null
      ? ""
      : ` · ${translate("alarm_rule_limit", { limit: limitText(alarm.condition, alarm.rule_limit, alarm.unit, alarm.what).trim() })}`;
  if (alarm.forecast != null) return `${whatText(alarm.what)} ${value}${limit} · ${forecastText(alarm.forecast)}`;
  return `${whatText(alarm.what)} ${value}${limit}${alarm.estimated ? ` · ${translate("estimated")}` : ""}${other}`;
}

/** Return the conditions of a rule, one line for each alternative. */
export function ruleConditionLines(anyOf: readonly (readonly RuleCondition[])[]): string[] {
  // "Missing for more than 15 minutes and less than 7 days": the second limit ends what nobody waits for, and says nothing to people.
  const plain = (conditions: readonly RuleCondition[]): readonly RuleCondition[] =>
    conditions.length > 1 ? conditions.filter((condition) => condition.what !== "age_s" || condition.above !== null) : conditions;
  return anyOf.map((conditions) => plain(conditions).map(conditionText).join(translate("and")));
}

function conditionText(condition: RuleCondition): string {
  const nested =
    condition.any_of.length > 0
      ? ruleConditionLines(condition.any_of).join(translate("or"))
      : condition.none_of.length > 0
        ? translate("condition_none", { conditions: ruleConditionLines(condition.none_of).join(translate("or")) })
        : null;
  if (nested !== null) return translate("in_brackets", { text: nested }).trim();
  if (condition.what === "overdue_s" && condition.above !== null) {
    const of = condition.of ? whatText(condition.of) : translate("condition_any_data");
    return condition.above === 0
      ? translate("condition_silent", { of })
      : translate("condition_overdue", { of, duration: durationText(condition.above) });
  }
  if (condition.what === "age_s" && condition.above !== null) {
    const of = condition.of ? whatText(condition.of) : translate("condition_any_data");
    return translate("condition_missing", { of, duration: durationText(condition.above) });
  }
  const unit = unitOfName(condition.what);
  const subject = [
    whatText(condition.what),
    condition.of ? translate("in_brackets", { text: whatText(condition.of) }) : "",
    condition.device ? translate("in_brackets", { text: condition.device }) : "",
    condition.across ? translate("in_brackets", { text: translate(condition.across === "any" ? "condition_any" : "condition_all") }) : "",
  ].join("");
  const limits = SWITCHES.test(condition.what)
    ? []
    : [
        condition.below === null ? "" : limitText("below", condition.below, unit, condition.what),
        condition.above === null ? "" : limitText("above", condition.above, unit, condition.what),
      ];
  const rise = condition.rise_h === null ? "" : translate("condition_rise", { hours: condition.rise_h });
  const hours =
    condition.hours === null
      ? ""
      : condition.of_hours === null
        ? translate("condition_hours", { hours: condition.hours })
        : translate("condition_hours_of", { hours: condition.hours, of: condition.of_hours });
  const ahead =
    condition.within_h === null
      ? ""
      : translate(condition.chance_pct === null ? "condition_within" : "condition_within_chance", {
          hours: condition.within_h,
          chance: condition.chance_pct ?? 0,
        });
  return [subject, rise, ...limits, hours, ahead].join("");
}

function limitText(named: string, threshold: number, unit: string, what: string): string {
  const condition = named.replace("forecast_", "");
  // A count above 0.5 is one of at least 1.
  if (unit === "1" && condition === "above" && Math.abs(threshold % 1) === 0.5)
    return translate("condition_at_least", { count: numberText(Math.ceil(threshold), 0) });
  return translate("condition_limit", { condition: term("alarm_conditions", condition), threshold: quantityText(threshold, unit, what) });
}

/** Return a value of a channel or index with its unit. */
export function quantityText(value: number, unit: string, what: string): string {
  if (unit === "s") return durationText(value);
  const digits = unit === "1" && Number.isInteger(value) ? 0 : digitsOf(unit, what);
  return `${numberText(value, digits)} ${unitText(unit)}`.trim();
}
