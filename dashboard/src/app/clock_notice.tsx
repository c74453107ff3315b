// Notice above every page while the station's clock cannot be believed: why, what follows, and an administrator's word that it is right.

import type { JSX } from "preact";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { currentSession } from "../api/session";
import { may } from "../api/may";
import { useWrite } from "../api/write";
import { dateTimeText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";

const REFRESH_MS = 5000;

export function ClockNotice(): JSX.Element | null {
  const clock = useApi("/v1/clock", {}, { everyMs: REFRESH_MS });
  const accept = useWrite("post", "/v1/clock/accept", { refresh: ["/v1/clock"] });
  if (!clock.data?.in_doubt) return null;
  const shown = dateTimeText(clock.data.shown_ms);
  const question = {
    title: translate("clock_accept_question"),
    text: translate("clock_accept_text", { shown }),
    action: translate("clock_accept"),
  };
  return (
    <p class="notice" role="alert" data-panel="clock">
      {whyText(clock.data)} {translate("clock_doubt_follows")}{" "}
      {currentSession() !== null && may("post", "/v1/clock/accept") ? (
        <AskedButton text={translate("clock_accept")} question={question} write={accept} run={() => accept.run({})} />
      ) : null}
    </p>
  );
}

function whyText(clock: Body<"/v1/clock">): string {
  // What one gateway alone says is told and not believed.
  const told = clock.shown_ms - (clock.ahead_ms ?? 0);
  const values = {
    shown: dateTimeText(clock.shown_ms),
    believed: dateTimeText(clock.believed_ms),
    told: dateTimeText(told),
    count: clock.witnesses,
  };
  switch (clock.cause) {
    case "jumped":
      return translate("clock_jumped", values);
    case "behind":
      return translate("clock_behind", values);
    case "ahead":
      return translate("clock_ahead", values);
    default:
      return translate("clock_gateways", values);
  }
}
