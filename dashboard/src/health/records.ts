// Records of the data link page, by the routes that answer them, and why a sensor may be silent.

import "../i18n/health";
import type { Device } from "../api/farm_state";
import type { Body, ListItem } from "../api/client";
import { ageText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";

export type Gateway = ListItem<"/v1/gateways">;
export type Source = NonNullable<Gateway["sources"]>[number];
export type Delivery = Body<"/v1/gateways/{gateway}/delivery">;
export type QuarantinedMessage = ListItem<"/v1/quarantine">;

/** A record that waits longer than this is behind. */
export const BEHIND_MS = 600_000;
/** A status is old after this. */
export const STATUS_OLD_MS = 30_000;

/** Return what prevents a source from reading, in the page's language; empty where nothing is known. */
export function troubleOf(source: Source): string {
  if (source.trouble === "") return "";
  return currentLanguage() === "en" ? source.trouble : source.trouble_zh || translate("health_source_fault");
}

/** Return whether a gateway reports now: it is online and its status is not old. */
export function isReporting(gateway: Gateway, nowMs: number): boolean {
  return gateway.online === true && gateway.last_status_ms !== null && nowMs - gateway.last_status_ms < STATUS_OLD_MS;
}

/** Return whether the oldest record that waits on a gateway is late. */
export function isBehind({ spool }: Gateway, nowMs: number): boolean {
  return typeof spool.oldest_ms === "number" && nowMs - spool.oldest_ms > BEHIND_MS;
}

/** Return the likely reason why a device, or one quantity of it, sends nothing: the first that is known. */
export function whySilent(device: Device, gateway: Gateway | undefined, isWhole: boolean, nowMs: number): string {
  if (gateway === undefined) return translate("health_why_no_gateway");
  if (!isReporting(gateway, nowMs)) {
    const since = gateway.last_status_ms === null ? "" : ageText(nowMs - gateway.last_status_ms);
    return translate("health_why_offline", { gateway: gateway.id, since: since || translate("unknown") });
  }
  if (gateway.spool.trouble !== "") return translate("health_why_spool", { gateway: gateway.id });
  if (isBehind(gateway, nowMs)) return translate("health_why_behind", { gateway: gateway.id });
  const faulty = (gateway.sources ?? []).filter((source) => source.trouble !== "");
  if (isWhole && faulty.length > 0)
    return translate("health_why_source", {
      sources: faulty.map((source) => translate("name_and_text", { name: source.name, text: troubleOf(source) })).join(" "),
    });
  return translate(isWhole ? "health_why_device" : "health_why_channel", { kind: term("device_kinds", device.kind) });
}
