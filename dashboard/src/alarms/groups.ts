// Active alarms by cause and place: what is compared, in which direction, and the site. Two limits of one cause are one group.

import { SEVERITIES, type Severity } from "../components/alarm_text";
import { collator } from "../i18n/formatters";
import type { AlarmItem } from "./records";

export interface AlarmGroup {
  key: string;
  site: string;
  severity: Severity;
  /** By urgency, then by name as people count: greenhouse-2 before greenhouse-10. */
  alarms: readonly AlarmItem[];
  /** Rules of the alarms, the gravest first. */
  rules: readonly string[];
  /** What they are about, each once. */
  subjects: readonly string[];
  /** Alarms that nobody has acknowledged. */
  open: number;
  newestMs: number;
}

/** Return the groups of alarms: those with one that nobody has acknowledged first, the gravest and newest first. */
export function groupAlarms(alarms: readonly AlarmItem[], nameOf: (alarm: AlarmItem) => string): AlarmGroup[] {
  const found = new Map<string, AlarmItem[]>();
  for (const alarm of alarms) {
    const key = [causeOf(alarm), alarm.site].join("|");
    const group = found.get(key);
    if (group === undefined) found.set(key, [alarm]);
    else group.push(alarm);
  }
  const { compare } = collator();
  const groups = [...found].map(([key, members]) => {
    const named = members.map((alarm) => ({ alarm, name: nameOf(alarm) }));
    const sorted = named.sort((a, b) => byUrgency(a.alarm, b.alarm) || compare(a.name, b.name)).map(({ alarm }) => alarm);
    const first = sorted[0] as AlarmItem;
    return {
      key,
      site: first.site,
      severity: first.severity,
      alarms: sorted,
      rules: [...new Set(sorted.map(({ rule }) => rule))],
      subjects: [...new Set(sorted.map(({ subject }) => subject))],
      open: sorted.filter(isOpen).length,
      newestMs: Math.max(...sorted.map(({ raised_ms }) => raised_ms)),
    };
  });
  return groups.sort(
    (a, b) =>
      Number(a.open === 0) - Number(b.open === 0) ||
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
      b.newestMs - a.newestMs,
  );
}

/** Return what makes an alarm the same trouble as another: alarms of records and of states have only their rule. */
function causeOf({ what, condition, rule }: AlarmItem): string {
  const direction = condition.replace("forecast_", "");
  return what === "" || !["below", "above"].includes(direction) ? rule : `${what} ${condition}`;
}

function byUrgency(a: AlarmItem, b: AlarmItem): number {
  return Number(!isOpen(a)) - Number(!isOpen(b)) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
}

function isOpen({ acknowledged_ms }: AlarmItem): boolean {
  return acknowledged_ms === null;
}
