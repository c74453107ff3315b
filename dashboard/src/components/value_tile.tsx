// Tiles for values and for analytic answers: number, unit, age, quality, evidence and method. An old value is grey and marked.

import type { JSX } from "preact";
import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import type { LatestValue } from "../api/live";
import { ageText, windowText } from "../i18n/instants";
import { numberText, reasonText, shareText, toAreaUnit, valueParts } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { channelName, methodText, term, translate } from "../i18n/translate";
import { Simulated } from "./simulated";

/** Return the text of a quality flag; empty where the value is usable. */
export function qualityText(quality: number): string {
  return quality > 2 ? term("quality", quality) : "";
}

interface ValueTileProps {
  channel: string;
  latest: LatestValue;
  name?: string;
  simulated?: boolean;
}

/** The newest value of a channel as a tile of a `<dl>`; draw it again on new values and once a second. */
export function ValueTile({ channel, latest, name = channelName(channel), simulated = false }: ValueTileProps): JSX.Element {
  const [number, unit] = valueParts(channel, latest.value, latest.unit);
  const stale = freshnessOf(latest, latest.time_ms) !== "current";
  const state = [stale ? "stale" : "", latest.quality > 2 ? "suspect" : ""].filter(Boolean);
  const told = [stale ? translate("stale") : "", qualityText(latest.quality), ageText(nowMs() - latest.time_ms)];
  return (
    <div class={["tile", ...state].join(" ")} data-channel={channel}>
      <dt>
        {name}
        {channel === "pump_on" || channel.startsWith("pump_command") ? (
          <small>{translate("in_brackets", { text: translate("commanded") })}</small>
        ) : null}
      </dt>
      <dd>
        <span class="number">{number}</span> <span class="unit">{unit}</span>
        <span class="when">{told.filter(Boolean).join(" · ")}</span>
        {simulated ? <Simulated /> : null}
      </dd>
    </div>
  );
}

/** An analytic answer of the API: one value with all that is needed to judge it. */
export interface Answer {
  value: number | null;
  unit: string;
  window?: { start_ms: number; end_ms: number };
  n: number;
  coverage: number;
  quality?: number;
  method: { id: string; version: number; source: string };
  inputs?: string[];
  evidence?: string | null;
  reason: string | null;
  low?: number | null;
  high?: number | null;
  simulated?: boolean;
}

const COMPLETE_SHARE = 0.995;
const NOT_MEASURED = ["pump_pwm", "declared", "commanded"];

interface AnswerTileProps {
  name: string;
  answer: Answer;
  digits?: number | undefined;
  /** What the tile is found by, where not by its name. */
  id?: string;
}

/** An answer as a tile: its value, or the reason for a missing one; method and window are folded. */
export function AnswerTile({ name, answer, digits, id = name }: AnswerTileProps): JSX.Element {
  const { value, evidence } = answer;
  const shown = value === null ? null : toAreaUnit(value, answer.unit);
  const rangeDigits = digits ?? digitsOf(answer.unit);
  const coverage = translate("coverage", { share: shareText(answer.coverage) });
  const range =
    typeof answer.low === "number" && typeof answer.high === "number"
      ? translate("range", { low: numberText(answer.low, rangeDigits), high: numberText(answer.high, rangeDigits) })
      : "";
  const details =
    value !== null
      ? [range, answer.coverage < COMPLETE_SHARE ? coverage : "", qualityText(answer.quality ?? 1)]
      : [reasonText(answer.reason), answer.reason === "insufficient_data" ? coverage : ""];
  return (
    <div class={value !== null ? "answer" : "answer none"} data-answer={id}>
      <span class="answer-name">{name}</span>
      <span class="answer-value">
        <span class="number">{shown === null ? "—" : numberText(shown.value, digits ?? shown.digits)}</span>{" "}
        <span class="unit">{shown?.unit ?? ""}</span>
      </span>
      <span class="more">{details.filter(Boolean).join(" · ")}</span>
      {evidence && evidence !== "measured" ? (
        <span class={NOT_MEASURED.includes(evidence) ? "evidence weak" : "evidence"}>{term("evidence", evidence)}</span>
      ) : null}
      {answer.simulated ? <Simulated /> : null}
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(answer.method)}</p>
        <p>{translate("samples_and_coverage", { n: numberText(answer.n, 0), coverage: shareText(answer.coverage) })}</p>
        {answer.window ? <p>{windowText(answer.window.start_ms, answer.window.end_ms)}</p> : null}
      </details>
    </div>
  );
}
