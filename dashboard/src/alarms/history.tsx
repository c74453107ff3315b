// Alarms that have ended, the newest first, and more of them on demand.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { useFarm } from "../app/mount";
import { alarmValueText, SEVERITIES } from "../components/alarm_text";
import { dateTimeText } from "../i18n/instants";
import { authorText, term, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { useOlder } from "../ui/show_older";
import { Table, type Column } from "../ui/table";
import { Severity } from "./severity";
import { titleOf, type AlarmItem } from "./records";

export function AlarmHistory(): JSX.Element {
  const farm = useFarm();
  const { limit, older } = useOlder();
  const page = useApi("/v1/alarms", { query: { state: "ended", limit } }, { keep: true });
  const nameOf = (alarm: AlarmItem): string => alarm.name || farm.nameOf(alarm.subject);
  const columns: Column<AlarmItem>[] = [
    { key: "rule", head: translate("alarms_rule"), cell: titleOfAlarm, sortBy: titleOfAlarm },
    { key: "raised", head: translate("alarms_raised"), cell: (alarm) => dateTimeText(alarm.raised_ms), sortBy: (alarm) => alarm.raised_ms },
    {
      key: "severity",
      head: translate("alarms_severity"),
      cell: (alarm) => <Severity severity={alarm.severity} />,
      sortBy: (alarm) => SEVERITIES.indexOf(alarm.severity),
    },
    { key: "subject", head: translate("alarms_subject"), cell: nameOf, sortBy: nameOf },
    { key: "value", head: translate("value"), cell: alarmValueText },
    {
      key: "ended",
      head: translate("alarms_ended"),
      cell: (alarm) => (
        <>
          {alarm.ended_ms === null ? "—" : dateTimeText(alarm.ended_ms)}{" "}
          <span class="more">{alarm.ended_why === null ? "" : term("alarm_endings", alarm.ended_why)}</span>
        </>
      ),
      sortBy: (alarm) => alarm.ended_ms,
    },
    {
      key: "note",
      head: translate("alarms_note"),
      cell: (alarm) => (
        <>
          {[alarm.note, alarm.acknowledged_by === null ? "" : authorText(alarm.acknowledged_by)].filter(Boolean).join(" · ")}{" "}
          {alarm.simulated ? <span class="badge">{translate("simulated")}</span> : null}
        </>
      ),
    },
  ];
  return (
    <section class="card" data-panel="history">
      <Loaded state={page}>
        {({ items, next }) => (
          <>
            <Table
              name={translate("alarms_history")}
              rows={items}
              columns={columns}
              keyOf={(alarm) => alarm.id}
              sorted={{ key: "raised", descending: true }}
              searchIn={(alarm) => `${titleOfAlarm(alarm)} ${nameOf(alarm)} ${alarm.note}`}
              empty={<p class="note">{translate("alarms_no_history")}</p>}
            />
            {older(next, page.busy)}
          </>
        )}
      </Loaded>
    </section>
  );
}

function titleOfAlarm(alarm: AlarmItem): string {
  return titleOf({ ...alarm, name: alarm.rule });
}
