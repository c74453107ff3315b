// Ways by which an alarm comes to a person, and the address that each makes of what was entered.

import type { FormValues } from "../ui/form";

export const WAYS = ["push", "dingtalk", "wecom", "feishu", "sms", "email", "other"] as const;
export type Way = (typeof WAYS)[number];

/** Return the kind of recipient and its address; without a mail server of the station a mailbox sends to itself. */
export function addressOf(
  way: Way,
  values: FormValues,
  hasMailServer: boolean,
): { kind: "webhook" | "email" | "apprise"; address: string } {
  if (way === "email") {
    const address = values.text("mail");
    return hasMailServer
      ? { kind: "email", address }
      : { kind: "apprise", address: mailboxUrl(address, values.text("code"), values.text("server")) };
  }
  if (way === "sms" || way === "other") return { kind: "apprise", address: values.text("address") };
  return { kind: "webhook", address: values.text("address") };
}

function mailboxUrl(mail: string, code: string, server: string): string {
  const host = server || `smtp.${mail.split("@")[1] ?? ""}`;
  const written = encodeURIComponent(mail);
  return `mailtos://${written}:${encodeURIComponent(code)}@${host}/?from=${written}&to=${written}&mode=ssl`;
}
