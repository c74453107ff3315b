// Active alarms on the farm page: severity, rule, subject, age, and a button to acknowledge.

import "../i18n/alarms";
import "../i18n/farm";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { FarmState } from "../api/farm_state";
import { may } from "../api/may";
import { reload } from "../api/query";
import { sendOrKeep } from "../api/queue";
import { ageText } from "../i18n/instants";
import { term, translate } from "../i18n/translate";
import { alarmValueText, localText, ruleTitle, SEVERITIES, type Alarm } from "./alarm_text";
import { TaskLine, useTask } from "./task";

const MAX_SHOWN = 8;

export function AlarmStrip({ farm, alarms }: { farm: FarmState; alarms: readonly Alarm[] }): JSX.Element {
  const [, draw] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => draw(nowMs()), 1000);
    return () => clearInterval(timer);
  }, []);
  const sorted = [...alarms].sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || b.raised_ms - a.raised_ms);
  return (
    <section class="alarms" aria-live="polite" hidden={alarms.length === 0}>
      <h2>{translate("alarms_active")}</h2>
      <ul class="alarm-list">
        {sorted.slice(0, MAX_SHOWN).map((alarm) => (
          <AlarmRow key={alarm.id} alarm={alarm} farm={farm} />
        ))}
      </ul>
      <p class="note" hidden={alarms.length <= MAX_SHOWN}>
        {translate("farm_alarms_more", { n: alarms.length - MAX_SHOWN })}
      </p>
    </section>
  );
}

function AlarmRow({ alarm, farm }: { alarm: Alarm; farm: FarmState }): JSX.Element {
  const task = useTask();
  const [isKept, setKept] = useState(false);
  const acknowledge = (): void =>
    void task.run(async () => {
      const title = translate("kept_acknowledge", { name: ruleTitle(alarm.rule) });
      const path = `/v1/alarms/${alarm.id}/acknowledge`;
      const sent = await sendOrKeep({ method: "POST", path, title, body: { only_first: true } });
      if (sent === "kept") setKept(true);
      else await reload("/v1/alarms");
    });
  const began = translate("farm_alarm_began", { age: ageText(nowMs() - alarm.began_ms) });
  const subject = [alarm.name || farm.nameOf(alarm.subject), alarm.simulated ? translate("simulated") : ""].filter(Boolean).join(" · ");
  return (
    <li class="alarm" data-alarm={alarm.rule} data-severity={alarm.severity}>
      <span class="badge">{term("severities", alarm.severity)}</span>
      <span class="alarm-text">
        <strong>{ruleTitle(alarm.rule)}</strong> {subject}
        <span class="about">{[localText(alarm), alarmValueText(alarm)].filter(Boolean).join(" · ")}</span>
      </span>
      <span class="age">{alarm.acknowledged_ms === null ? began : `${began} · ${translate("acknowledged")}`}</span>
      {alarm.acknowledged_ms === null && !isKept && may("post", "/v1/alarms/{alarm}/acknowledge") ? (
        <button type="button" class="secondary" onClick={acknowledge}>
          {translate("acknowledge")}
        </button>
      ) : null}
      <TaskLine task={task} />
    </li>
  );
}
