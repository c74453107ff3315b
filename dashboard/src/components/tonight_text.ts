// Sentences about the next 24 hours: what will happen, when, and how sure it is.

import "../i18n/tonight";
import type { Body } from "../api/client";
import { formatInstant, timeZoneName } from "../i18n/instants";
import { shareText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";

export type Statement = Body<"/v1/tonight">["items"][number]["statements"][number];

export const WINDOWS: ReadonlySet<string> = new Set(["spray_window", "spread_window"]);
const WET: ReadonlySet<string> = new Set(["leaf_condensation", "cover_condensation"]);

export function kindText(statement: Statement): string {
  return term("tonight_statements", statement.kind);
}

/** Return what will happen and when. */
export function sentenceOf(statement: Statement, zone = timeZoneName()): string {
  const { kind, level, occurs, hours, start_ms: startMs, end_ms: endMs } = statement;
  const value = statement.value === null ? "" : withUnit(statement.value, statement.unit, 1);
  const from = startMs === null || startMs <= Date.now() ? null : hourText(startMs, zone);
  const values = { from: from ?? "", hours, value };
  if (WET.has(kind)) {
    if (level === "low") return translate("tonight_margin", values);
    if (!occurs) return translate("tonight_near", values);
    return translate(from === null ? "tonight_wet_now" : "tonight_wet", values);
  }
  if (kind === "frost") {
    if (level === "low") return translate("tonight_lowest", values);
    if (!occurs) return translate("tonight_frost_near", values);
    return translate(from === null ? "tonight_frost_now" : "tonight_frost", values);
  }
  if (kind === "disease") {
    // The same hours as of condensation on leaves; those that are no trouble, too.
    const wet = { from: from ?? "", wet: Math.round(statement.value ?? 0) };
    if (startMs === null) return translate("tonight_disease_low", wet);
    return translate(from === null ? "tonight_disease_now" : "tonight_disease", wet);
  }
  if (WINDOWS.has(kind))
    return startMs === null || endMs === null
      ? translate("tonight_no_window")
      : translate("tonight_window", { from: hourText(startMs, zone), until: hourText(endMs, zone) });
  return translate("tonight_water", values);
}

/** Return what a statement rests on; empty for what the station itself forecasts. */
export function basisText({ basis }: Statement): string {
  if (basis === "as_yesterday") return translate("tonight_as_yesterday");
  if (basis === "provider") return translate("tonight_by_provider");
  return basis === "corrected" ? translate("tonight_by_corrected") : "";
}

/** Return whose weather forecast statements rest on, or why there is none, with what has to be said: each once. */
export function sourceTexts(statements: readonly Statement[]): string[] {
  const isEnglish = currentLanguage() === "en";
  const texts = statements.flatMap(({ source }) =>
    source === null
      ? []
      : [
          isEnglish ? source.text : source.text_zh,
          source.attribution === null ? "" : isEnglish ? source.attribution.text : source.attribution.text_zh,
        ],
  );
  return [...new Set(texts.filter(Boolean))];
}

/** Return how sure a statement is, or how many there are where that cannot be told. */
export function recordText({ basis, kind, record, unit }: Statement): string {
  const { n, right, missed, least } = record;
  if (WINDOWS.has(kind)) {
    const text = basis === "as_yesterday" ? "tonight_record_hours" : "tonight_record_said";
    return n === 0 ? "" : translate(text, { n, right });
  }
  if (n < least) return record.chance === null ? "" : translate("tonight_chance", { chance: shareText(record.chance) });
  const error = record.mean_abs_error === null ? "" : withUnit(record.mean_abs_error, unit, 1);
  if (kind === "irrigation") return translate("tonight_error", { error });
  return [
    record.chance === null ? "" : translate("tonight_chance", { chance: shareText(record.chance) }),
    translate("tonight_record", { n, right }),
    right === n ? "" : translate("tonight_missed", { missed, false_alarms: record.false_alarms }),
    translate("tonight_error", { error }),
  ]
    .filter(Boolean)
    .join(currentLanguage() === "en" ? ", " : "，");
}

/** Return the weekday and the hour of an instant. */
export function hourText(timeMs: number, zone: string): string {
  return formatInstant(timeMs, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }, zone);
}
