// The severity of a rule or an alarm.

import type { JSX } from "preact";
import type { Severity as Level } from "../components/alarm_text";
import { term } from "../i18n/translate";

export function Severity({ severity }: { severity: Level }): JSX.Element {
  return (
    <span class="severity" data-severity={severity}>
      {term("severities", severity)}
    </span>
  );
}
