// One active alarm: acknowledge it, with a note, and pause its notifications.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { waiting } from "../api/queue";
import { useKeptWrite, useWrite } from "../api/write";
import { hrefOf } from "../app/address";
import { useNow, useView } from "../app/mount";
import { alarmValueText } from "../components/alarm_text";
import { ageText, dateTimeText } from "../i18n/instants";
import { authorText, translate } from "../i18n/translate";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { LazyFold } from "../ui/lazy";
import { showToast } from "../ui/overlays";
import { Severity } from "./severity";
import { AcknowledgeButton } from "./acknowledge_button";
import { adviceOf, HOUR_MS, titleOf, type AlarmItem } from "./records";

const SNOOZE_HOURS = [1, 4, 12, 24];

/** `isAsked`: a link led here. `isShort`: what can be done, and the notes, are behind a button, and one acknowledges without a note. */
export function AlarmCard({ alarm, isAsked, isShort }: { alarm: AlarmItem; isAsked: boolean; isShort: boolean }): JSX.Element {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isAsked) place.current?.scrollIntoView({ block: "start" });
  }, [isAsked]);
  const [isOpen, setOpen] = useState(!isShort || isAsked);
  const now = useNow(10_000);
  const { farm } = useView();
  const named = { ...alarm, name: alarm.rule };
  const snoozed = alarm.snoozed_until_ms !== null && alarm.snoozed_until_ms > now;
  const advice = adviceOf(named);
  return (
    <article
      class="card alarm-card"
      data-severity={alarm.severity}
      data-alarm={alarm.id}
      ref={place}
      {...(isAsked ? { "aria-current": "true" as const } : {})}
    >
      <header>
        <Severity severity={alarm.severity} />
        <h2>{titleOf(named)}</h2>
        <span class="age">{ageText(now - alarm.raised_ms)}</span>
        {alarm.simulated ? <span class="badge">{translate("simulated")}</span> : null}
      </header>
      <p>
        {alarm.what === ""
          ? alarm.name || farm.nameOf(alarm.subject)
          : translate("name_and_text", { name: alarm.name || farm.nameOf(alarm.subject), text: alarmValueText(alarm) })}
      </p>
      {advice ? <p>{advice}</p> : null}
      {alarm.kind === "treatment" ? (
        <p>
          <a href={hrefOf("harvest", { tab: "protection" })}>{translate("alarms_to_treatments")}</a>
        </p>
      ) : null}
      <p class="note">{translate("alarms_since", { began: dateTimeText(alarm.began_ms) })}</p>
      {alarm.acknowledged_ms === null ? null : (
        <p>
          {translate("alarms_acknowledged_by", { by: authorText(alarm.acknowledged_by ?? ""), when: dateTimeText(alarm.acknowledged_ms) })}
          {alarm.note ? ` – ${alarm.note}` : ""}
        </p>
      )}
      {snoozed ? <p class="note">{translate("alarms_snoozed", { until: dateTimeText(alarm.snoozed_until_ms ?? 0) })}</p> : null}
      {isOpen ? (
        <>
          {may("post", "/v1/alarms/{alarm}/snooze") ? <AlarmActions alarm={alarm} snoozed={snoozed} /> : null}
          <LazyFold
            class="note-fold"
            title={translate("alarms_notes")}
            load={async () => (await import("../notes/subject_notes")).SubjectNotes}
            props={{ subject: { alarm: alarm.id } }}
          />
        </>
      ) : (
        <div class="buttons">
          <AcknowledgeButton alarms={[alarm]} title={titleOf(named)} />
          <button type="button" class="secondary" aria-expanded={false} onClick={() => setOpen(true)}>
            {translate("alarms_more")}
          </button>
        </div>
      )}
    </article>
  );
}

function AlarmActions({ alarm, snoozed }: { alarm: AlarmItem; snoozed: boolean }): JSX.Element {
  const title = translate("kept_acknowledge", { name: titleOf({ ...alarm, name: alarm.rule }) });
  const acknowledge = useKeptWrite("post", "/v1/alarms/{alarm}/acknowledge", () => title, { refresh: ["/v1/alarms"] });
  const snooze = useWrite("post", "/v1/alarms/{alarm}/snooze", { refresh: ["/v1/alarms"] });
  const params = { path: { alarm: alarm.id } };
  const acknowledgeIt = async (values: FormValues): Promise<boolean> => {
    // Where somebody else was first, that is told, and their note stays.
    const body = { note: values.text("note"), only_first: alarm.acknowledged_ms === null };
    const sent = await acknowledge.run({ params, body });
    if (sent !== null) showToast(translate(sent === "kept" ? "kept" : "acknowledged"));
    return false;
  };
  const snoozeIt = async (values: FormValues): Promise<boolean> => {
    await snooze.run({ params, body: { until_ms: Math.round(nowMs() + (values.number("hours") ?? 1) * HOUR_MS) } });
    return false;
  };
  const kept = waiting.value.find(({ path }) => path === `/v1/alarms/${alarm.id}/acknowledge`);
  return (
    <div class="stack">
      {kept === undefined ? null : (
        <p class={kept.refusal === null ? "note" : "error"} role="status" data-kept={kept.refusal === null ? "waiting" : "refused"}>
          {kept.refusal === null ? translate("alarms_kept") : translate("waiting_why", { why: kept.refusal })}
        </p>
      )}
      <Form
        name="alarm_acknowledgement"
        submit={translate(alarm.acknowledged_ms === null ? "acknowledge" : "alarms_save_note")}
        write={acknowledge}
        onSubmit={acknowledgeIt}
      >
        <TextField name="note" label={translate("alarms_note")} value={alarm.note} maxLength={500} />
      </Form>
      <Form name="alarm_snooze" submit={translate("alarms_snooze")} write={snooze} onSubmit={snoozeIt}>
        <SelectField
          name="hours"
          label={translate("alarms_snooze_for")}
          options={SNOOZE_HOURS.map((hours) => ({ value: String(hours), text: translate("alarms_hours", { hours }) }))}
        />
      </Form>
      {snoozed ? (
        <button
          type="button"
          class="secondary"
          disabled={snooze.saving}
          onClick={() => void snooze.run({ params, body: { until_ms: null } })}
        >
          {translate("alarms_unsnooze")}
        </button>
      ) : null}
    </div>
  );
}
