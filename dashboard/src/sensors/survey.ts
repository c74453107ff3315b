// A survey of a gateway: begun, asked for until it has ended, and what it found.

import "../i18n/sensors";
import { api, dataOf } from "../api/client";
import type { BodyOf } from "../api/write";
import { withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { digitsOf, unitOfName } from "../i18n/quantities";

type Orders = "/v1/gateways/{gateway}/orders";
export type Order = NonNullable<NonNullable<BodyOf<Orders, "post">>["order"]>;
export type Answer = Awaited<ReturnType<typeof order>>;
export type Found = Answer["found"][number];
export type FoundDevice = Found["devices"][number];
export type Channel = Found["source"]["channels"][number];

/** The zone of a house for which a sensor is connected. */
export interface Zone {
  id: string;
  name: string;
}

/** A device that a gateway reads now. */
export interface Connected {
  device: string;
  gateway: string;
  /** Null for one that is in no house. */
  zone: Zone | null;
}

const ASK_EVERY_MS = 2000;

/** Give a gateway an order and return its answer. */
export async function order(gateway: string, given: Order) {
  return dataOf(api.POST("/v1/gateways/{gateway}/orders", { params: { path: { gateway } }, body: { order: given } }));
}

/** Let a gateway search and return its last answer: what it found, or why it could not. */
export async function survey(gateway: string, given: Order, isLeft: () => boolean): Promise<Answer> {
  let answer = await order(gateway, given);
  while (answer.state === "running" && !isLeft()) {
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    answer = await order(gateway, { type: "survey_result" });
  }
  return answer;
}

/** Return why a gateway refused, in the reader's language where the sentence is known. */
export function whyText({ why, why_zh: chinese }: Answer): string {
  return translate("sensor_refused", { why: currentLanguage() === "en" ? why : chinese || why });
}

export function valueText(channel: string, value: number): string {
  const unit = unitOfName(channel);
  return withUnit(value, unit, digitsOf(unit, channel));
}
