// The test message of a new recipient: sent at once, followed until a service took it, then confirmed by a person.

import "../i18n/alarms";
import "../i18n/connect";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useApi } from "../api/query";
import { useWrite } from "../api/write";
import { formatInstant } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import type { Connected } from "./connect_form";
import type { Notification } from "./records";

const EVERY_MS = 1000;
const CLOCK = { hour: "numeric", minute: "2-digit", hourCycle: "h23" } as const;
const REACH = ["/v1/alarm-recipients/delivery", "/v1/alarm-recipients/reach", "/v1/today"] as const;

interface ConnectTestProps {
  known: Connected;
  onConfirmed: () => void;
  onChange: () => void;
}

export function ConnectTest({ known, onConfirmed, onChange }: ConnectTestProps): JSX.Element {
  const [sent, setSent] = useState<string | null>(null);
  const [missed, setMissed] = useState(false);
  const test = useWrite("post", "/v1/alarm-recipients/{recipient}/test");
  const confirm = useWrite("post", "/v1/alarm-recipients/{recipient}/confirm", { refresh: REACH });
  const path = { params: { path: { recipient: known.id } } };
  const send = async (): Promise<void> => {
    setMissed(false);
    const queued = (await test.run(path)) as Notification | true | null;
    if (queued !== null && queued !== true) setSent(queued.id);
  };
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current) return;
    isBegun.current = true;
    void send();
  });
  const { data: notice } = useApi(
    "/v1/alarm-notices/{notice}",
    { path: { notice: sent ?? "" } },
    { enabled: sent !== null, ...(sent === null ? {} : { everyMs: EVERY_MS }) },
  );
  const got = async (): Promise<void> => {
    if ((await confirm.run(path)) !== null) onConfirmed();
  };
  const again = (
    <button type="button" class="secondary" disabled={test.saving} onClick={() => void send()}>
      {translate("connect_again")}
    </button>
  );
  const failed = notice !== undefined && (notice.state === "dead" || (notice.state === "waiting" && notice.attempts > 0));
  if (failed || test.error !== null)
    return (
      <>
        <p class="error" role="alert" data-test="failed">
          {translate("connect_failed")} {notice === undefined ? test.error : reasonOf(notice)}
        </p>
        <div class="buttons">
          <button type="button" onClick={onChange}>
            {translate("connect_change")}
          </button>
          {again}
        </div>
      </>
    );
  if (notice?.state !== "delivered") return <p role="status">{translate("connect_waits")}</p>;
  return (
    <>
      <p role="status" data-test="accepted">
        {translate("connect_accepted", { time: formatInstant(notice.delivered_ms ?? notice.created_ms, CLOCK) })}
      </p>
      <p>
        <b>{translate("connect_did_it_come", { name: known.name })}</b>
      </p>
      <div class="buttons">
        <button type="button" disabled={confirm.saving} onClick={() => void got()}>
          {translate("alarms_confirm")}
        </button>
        <button type="button" class="secondary" onClick={() => setMissed(true)}>
          {translate("connect_not_come")}
        </button>
      </div>
      <ErrorText error={confirm.error} />
      {missed ? (
        <>
          <p class="error" role="alert">
            {translate("connect_not_come_do")}
          </p>
          <div class="buttons">
            {again}
            <button type="button" class="plain" onClick={onChange}>
              {translate("connect_change")}
            </button>
          </div>
        </>
      ) : null}
    </>
  );
}

function reasonOf(notice: { error: string; error_zh: string }): string {
  return currentLanguage() === "en" ? notice.error : notice.error_zh || translate("alarms_not_sent");
}
