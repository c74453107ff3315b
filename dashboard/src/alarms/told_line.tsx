// Whether an alarm reaches a person: one line until a person has confirmed it, with the way to connect a phone.

import "../i18n/alarms";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { hrefOf } from "../app/address";
import { translate, type TextKey } from "../i18n/translate";

const REFRESH_MS = 30_000;

type State = Body<"/v1/alarm-recipients/reach">["state"];

const WHY: Record<Exclude<State, "confirmed">, TextKey> = {
  none: "alarms_nobody_none",
  never_tried: "alarms_nobody_never_tried",
  tried: "alarms_nobody_tried",
  failed: "alarms_nobody_failed",
};

/** Displayed while no person has confirmed a message, and where some of the recipients are not reached. */
export function NobodyIsTold(): JSX.Element | null {
  const { data } = useApi("/v1/alarm-recipients/reach", {}, { everyMs: REFRESH_MS });
  if (data === undefined || (data.state === "confirmed" && data.failing === 0)) return null;
  if (data.state === "confirmed")
    return (
      <p class="error" role="status" data-told="failing">
        {translate("alarms_some_failing", { n: data.failing })}{" "}
        <a href={hrefOf("alarms", { tab: "recipients" })}>{translate("alarms_see_why")}</a>
      </p>
    );
  return (
    <p class="error" role="status" data-told="nobody" data-reach={data.state}>
      {translate("alarms_nobody")} {translate(WHY[data.state])}{" "}
      <a href={hrefOf("alarms", { tab: "connect" })}>{translate("alarms_connect")}</a>
    </p>
  );
}
