// Whether an alarm reaches a person: one line until it does, with the way to connect a phone.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useApi, useApiList } from "../api/query";
import { hrefOf } from "../app/address";
import { translate } from "../i18n/translate";
import type { Recipient, RecipientDelivery } from "./records";

const REFRESH_MS = 30_000;

/** Displayed while no enabled recipient is a person whom the station can reach. */
export function NobodyIsTold(): JSX.Element | null {
  const recipients = useApiList("/v1/alarm-recipients", {}, { everyMs: REFRESH_MS });
  const delivery = useApi("/v1/alarm-recipients/delivery", {}, { everyMs: REFRESH_MS });
  if (recipients.data === undefined || delivery.data === undefined) return null;
  const ways = new Map(delivery.data.items.map((each) => [each.recipient, each]));
  if (recipients.data.some((each) => reachesAPerson(each, ways.get(each.id)))) return null;
  return (
    <p class="error" role="status" data-told="nobody">
      {translate("alarms_nobody")} <a href={hrefOf("alarms", { tab: "recipients" })}>{translate("alarms_connect")}</a>
    </p>
  );
}

/** A mailbox, a browser or the robot of a chat is a person's; a broker's topic and a program's address are not. */
function reachesAPerson(recipient: Recipient, way: RecipientDelivery | undefined): boolean {
  const isPersons = recipient.kind === "email" || recipient.kind === "push" || (way?.robot ?? null) !== null;
  return recipient.enabled && isPersons && way !== undefined && way.cannot_send === null;
}
