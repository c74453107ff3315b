// The parts of the answer of today, as components take them.

import type { Body } from "../api/client";
import { currentLanguage } from "../i18n/preferences";

export type Today = Body<"/v1/today">;
export type Row = Today["rows"][number];
export type StateName = Row["state"];
export type Action = NonNullable<Row["action"]>;
export type Strip = NonNullable<Row["strip"]>;
export type HouseCurve = NonNullable<Strip["house"]>;
export type FieldCurve = NonNullable<Strip["field"]>;
export type Weather = NonNullable<Today["weather"]>;
export type Facts = Today["facts"];
export type Subject = Pick<Row, "kind" | "id">;

/** From and to, epoch ms. */
export type Span = HouseCurve["hazards"]["wet"][number];

export interface Bilingual {
  text: string;
  text_zh: string;
}

/** Return a text in the language of the page. */
export function textOf(each: Bilingual): string {
  return currentLanguage() === "en" ? each.text : each.text_zh;
}

/** Return the one of two texts that is in the language of the page. */
export function currentLanguageOf(english: string, chinese: string): string {
  return currentLanguage() === "en" ? english : chinese;
}
