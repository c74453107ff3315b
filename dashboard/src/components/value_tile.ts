// Tiles for values and for analytic answers: number, unit, age, quality, evidence and method. An old value is grey and marked.

import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import type { LatestValue } from "../api/live";
import { ageText, windowText } from "../i18n/instants";
import { numberText, reasonText, shareText, toAreaUnit, valueParts } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { channelName, methodText, term, translate } from "../i18n/translate";
import { make, setText } from "./dom";
import { simulatedBadge } from "./parts";

/** Return the text of a quality flag; empty where the value is usable. */
export function qualityText(quality: number): string {
  return quality > 2 ? term("quality", quality) : "";
}

/** The newest value of a channel as a tile of a `<dl>`; call `show` on new values and once a second. */
export class ValueTile {
  readonly element: HTMLElement;
  readonly #number = make("span", { class: "number" });
  readonly #unit = make("span", { class: "unit" });
  readonly #age = make("span", { class: "when" });
  readonly #simulated = simulatedBadge();

  constructor(
    readonly channel: string,
    name = channelName(channel),
  ) {
    const commanded =
      channel === "pump_on" || channel.startsWith("pump_command")
        ? make("small", {}, translate("in_brackets", { text: translate("commanded") }))
        : null;
    this.#simulated.hidden = true;
    this.element = make(
      "div",
      { class: "tile", "data-channel": channel },
      make("dt", {}, name, commanded),
      make("dd", {}, this.#number, " ", this.#unit, this.#age, this.#simulated),
    );
  }

  show(latest: LatestValue | undefined, simulated = false): void {
    this.#simulated.hidden = !simulated;
    if (latest === undefined) {
      this.element.classList.add("stale");
      setText(this.#number, "—");
      setText(this.#unit, "");
      setText(this.#age, translate("no_data"));
      return;
    }
    const [number, unit] = valueParts(this.channel, latest.value, latest.unit);
    const stale = freshnessOf(latest, latest.time_ms) !== "current";
    setText(this.#number, number);
    setText(this.#unit, unit);
    setText(
      this.#age,
      [stale ? translate("stale") : "", qualityText(latest.quality), ageText(nowMs() - latest.time_ms)].filter(Boolean).join(" · "),
    );
    this.element.classList.toggle("stale", stale);
    this.element.classList.toggle("suspect", latest.quality > 2);
  }
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

/** Return an answer as a tile: its value, or the reason for a missing one; method and window are folded. */
export function answerTile(name: string, answer: Answer, digits?: number): HTMLElement {
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
  return make(
    "div",
    { class: value !== null ? "answer" : "answer none", "data-answer": name },
    make("span", { class: "answer-name" }, name),
    make(
      "span",
      { class: "answer-value" },
      make("span", { class: "number" }, shown === null ? "—" : numberText(shown.value, digits ?? shown.digits)),
      " ",
      make("span", { class: "unit" }, shown?.unit ?? ""),
    ),
    make("span", { class: "more" }, details.filter(Boolean).join(" · ")),
    evidence && evidence !== "measured"
      ? make("span", { class: NOT_MEASURED.includes(evidence) ? "evidence weak" : "evidence" }, term("evidence", evidence))
      : null,
    answer.simulated ? simulatedBadge() : null,
    make(
      "details",
      { class: "how" },
      make("summary", {}, translate("method")),
      make("p", {}, methodText(answer.method)),
      make("p", {}, translate("samples_and_coverage", { n: numberText(answer.n, 0), coverage: shareText(answer.coverage) })),
      answer.window ? make("p", {}, windowText(answer.window.start_ms, answer.window.end_ms)) : null,
    ),
  );
}
