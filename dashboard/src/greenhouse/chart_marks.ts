// What is drawn on the charts of a greenhouse beside its lines: limits of the alarm rules, and the alarms of the period.

import type { ListItem } from "../api/client";
import { requestAll } from "../api/request";
import { ruleTitle, type RuleCondition } from "../components/alarm_text";

type Rule = ListItem<"/v1/alarm-rules">;
type Alarm = ListItem<"/v1/alarms">;

/** A limit of one rule for one quantity. */
export interface RuleLimit {
  quantity: string;
  value: number;
  side: "below" | "above";
  rule: string;
  critical: boolean;
}

export interface AlarmMark {
  startMs: number;
  endMs: number;
  title: string;
  critical: boolean;
}

export interface Marks {
  limits: readonly RuleLimit[];
  alarms: readonly AlarmMark[];
}

export const NO_MARKS: Marks = { limits: [], alarms: [] };

/** Ask for the rules and alarms of a greenhouse's devices; without a registry there are none. */
export async function requestMarks(devices: readonly string[], startMs: number, endMs: number, signal: AbortSignal): Promise<Marks> {
  const [rules, ...alarms] = await Promise.all([
    requestAll<Rule>("/v1/alarm-rules", { signal }),
    ...devices.map((device) => requestAll<Alarm>("/v1/alarms", { signal, query: { subject: device } })),
  ]);
  return { limits: limitsOf(rules, devices), alarms: marksOf(alarms.flat(), startMs, endMs) };
}

/** Return the plain limits of the rules that hold for these devices: one quantity beyond one value. */
export function limitsOf(rules: readonly Rule[], devices: readonly string[]): RuleLimit[] {
  return rules
    .filter(({ enabled, kind, device }) => enabled && kind === "greenhouse" && (!device || devices.includes(device)))
    .flatMap((rule) =>
      rule.any_of.flatMap((conditions): RuleLimit[] => {
        const [condition] = conditions;
        if (condition === undefined || conditions.length > 1 || !isPlain(condition)) return [];
        const common = { quantity: condition.what, rule: ruleTitle(rule.name), critical: rule.severity === "critical" };
        return (["below", "above"] as const).flatMap((side) => {
          const value = condition[side];
          return value === null ? [] : [{ ...common, side, value }];
        });
      }),
    );
}

function isPlain(condition: RuleCondition): boolean {
  return (
    condition.hours === null &&
    condition.within_h === null &&
    condition.rise_h === null &&
    condition.of === null &&
    !["age_s", "overdue_s"].includes(condition.what)
  );
}

/** Return the alarms that were active in [startMs, endMs), cut to it. */
export function marksOf(alarms: readonly Alarm[], startMs: number, endMs: number): AlarmMark[] {
  return alarms
    .filter((alarm) => alarm.began_ms < endMs && (alarm.ended_ms ?? endMs) > startMs)
    .map((alarm) => ({
      startMs: Math.max(startMs, alarm.began_ms),
      endMs: Math.min(endMs, alarm.ended_ms ?? endMs),
      title: ruleTitle(alarm.rule),
      critical: alarm.severity === "critical",
    }));
}
