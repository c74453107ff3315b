// Alarms of one cause at several places: acknowledged at once, and each on its own in a table.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { hrefOfThing } from "../app/address";
import { useNow } from "../app/mount";
import { alarmValueText, SEVERITIES } from "../components/alarm_text";
import { ageText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { authorText, listText, translate } from "../i18n/translate";
import { printing } from "../ui/printing";
import { Table, type Column } from "../ui/table";
import { AcknowledgeButton } from "./acknowledge_button";
import type { AlarmGroup } from "./groups";
import { adviceOf, titleOf, type AlarmItem } from "./records";
import { Severity } from "./severity";

/** Names that a group's card has at most. */
const NAMES = 4;

export function GroupCard({
  group,
  nameOf,
  site,
}: {
  group: AlarmGroup;
  nameOf: (alarm: AlarmItem) => string;
  /** Name of the site, where alarms are of several. */
  site: string | null;
}): JSX.Element {
  const [isChosen, setOpen] = useState(false);
  const isOpen = isChosen || printing.value;
  const now = useNow(10_000);
  const gravest = group.alarms[0] as AlarmItem;
  const title = listText(group.rules.map((rule) => titleOf(named(group.alarms.find((alarm) => alarm.rule === rule) ?? gravest))));
  const names = [...new Set(group.alarms.map(nameOf))];
  const more = names.length > NAMES ? translate("alarms_and_more", { count: numberText(names.length - NAMES, 0) }) : "";
  const advice = adviceOf(named(gravest));
  return (
    <article class="card alarm-card alarm-group" data-severity={group.severity} data-group={group.key}>
      <header>
        <Severity severity={group.severity} />
        <h2>{title}</h2>
        <span class="age">{ageText(now - group.newestMs)}</span>
        {group.alarms.every(({ simulated }) => simulated) ? <span class="badge">{translate("simulated")}</span> : null}
      </header>
      <p>
        {site === null ? null : <strong>{site} </strong>}
        <strong>{translate("alarms_places", { count: numberText(names.length, 0) })}</strong> {listText(names.slice(0, NAMES))}
        {more}
      </p>
      {advice ? <p>{advice}</p> : null}
      {group.open < group.alarms.length ? (
        <p class="note">{translate("alarms_acknowledged_count", { count: numberText(group.alarms.length - group.open, 0) })}</p>
      ) : null}
      <div class="buttons">
        <AcknowledgeButton alarms={group.alarms} title={title} />
        <button type="button" class="secondary" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {translate(isOpen ? "alarms_hide_each" : "alarms_show_each")}
        </button>
      </div>
      {isOpen ? (
        <Table
          name={title}
          rows={group.alarms}
          columns={columnsOf(nameOf)}
          keyOf={({ id }) => id}
          searchIn={nameOf}
          rowAttributes={({ id }) => ({ "data-alarm": id })}
        />
      ) : null}
    </article>
  );
}

function columnsOf(nameOf: (alarm: AlarmItem) => string): Column<AlarmItem>[] {
  return [
    {
      key: "subject",
      head: translate("alarms_subject"),
      cell: (alarm) => <a href={hrefOfThing({ kind: "alarm", id: alarm.id })}>{nameOf(alarm)}</a>,
      sortBy: nameOf,
    },
    {
      key: "value",
      head: translate("value"),
      cell: alarmValueText,
      sortBy: (alarm) => alarm.value ?? SEVERITIES.indexOf(alarm.severity),
    },
    {
      key: "by",
      head: translate("alarms_acknowledged"),
      cell: (alarm) => [authorText(alarm.acknowledged_by ?? ""), alarm.note].filter(Boolean).join(" · ") || "—",
      sortBy: (alarm) => alarm.acknowledged_ms,
    },
  ];
}

function named(alarm: AlarmItem): { name: string; text: string; text_zh: string } {
  return { ...alarm, name: alarm.rule };
}
