// A value as it must be shown: number, unit, age, quality, whether a simulator made it. What is old is grey and says so.

import { nowMs } from "../api/clock";
import type { LatestValue } from "../api/live";
import { ageText, windowText } from "../i18n/instants";
import { digitsOf, inChosenArea, numberText, reasonText, shareText, valueParts } from "../i18n/numbers";
import { channelName, word, wordOf } from "../i18n/translate";
import { make, setText } from "./dom";

/** How old a value may be before it is no longer current: a few of its own intervals, 5 s at the least. */
export function isStale(timeMs: number, intervalS: number | null | undefined, now = nowMs()): boolean {
  return now - timeMs > Math.max(5, 3 * (intervalS ?? 5)) * 1000;
}

export function doubtText(quality: number): string {
  return quality > 2 ? wordOf("quality", quality, "") : "";
}

/** The newest value of a channel as a tile of a `<dl>`; call `show` with what is known and at least once a second. */
export class ValueTile {
  readonly element: HTMLElement;
  readonly #number = make("span", { class: "number" });
  readonly #unit = make("span", { class: "unit" });
  readonly #when = make("span", { class: "when" });
  readonly #mark = make("span", { class: "badge", title: word("simulated_hint"), hidden: true }, word("simulated"));

  constructor(readonly channel: string, name = channelName(channel)) {
    const commanded = channel === "pump_on" || channel.startsWith("pump_command") ? make("small", {}, ` (${word("commanded")})`) : null;
    this.element = make("div", { class: "tile", "data-channel": channel },
      make("dt", {}, name, commanded),
      make("dd", {}, this.#number, " ", this.#unit, this.#when, this.#mark));
  }

  show(latest: LatestValue | undefined, intervalS?: number | null, simulated = false): void {
    this.#mark.hidden = !simulated;
    if (latest === undefined) {
      this.element.classList.add("stale");
      setText(this.#number, "—");
      setText(this.#unit, "");
      setText(this.#when, word("never"));
      return;
    }
    const [number, unit] = valueParts(this.channel, latest.value, latest.unit);
    const stale = isStale(latest.time_ms, intervalS);
    setText(this.#number, number);
    setText(this.#unit, unit);
    setText(this.#when, [stale ? word("stale") : "", doubtText(latest.quality), ageText(nowMs() - latest.time_ms)].filter(Boolean).join(" · "));
    this.element.classList.toggle("stale", stale);
    this.element.classList.toggle("doubted", latest.quality > 2);
  }
}

/** An analytic answer of the API: one number and all that is needed to judge it. */
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

const COMPLETE = 0.995;

/** Return an answer as a tile: its number, or why there is none; what it rests on folded below. */
export function answerTile(name: string, answer: Answer, digits?: number): HTMLElement {
  const given = answer.value !== null;
  const shown = given ? inChosenArea(answer.value as number, answer.unit) : null;
  const share = word("coverage", { share: shareText(answer.coverage) });
  const range = typeof answer.low === "number" && typeof answer.high === "number"
    ? word("range", { low: numberText(answer.low, digits ?? digitsOf(answer.unit)), high: numberText(answer.high, digits ?? digitsOf(answer.unit)) }) : "";
  const more = given
    ? [range, answer.coverage < COMPLETE ? share : "", doubtText(answer.quality ?? 1)]
    : [reasonText(answer.reason), answer.reason === "insufficient_data" ? share : ""];
  const weak = answer.evidence === "pump_pwm" || answer.evidence === "declared" || answer.evidence === "commanded";
  return make("div", { class: given ? "answer" : "answer none", "data-answer": name },
    make("span", { class: "answer-name" }, name),
    make("span", { class: "answer-value" },
      make("span", { class: "number" }, shown === null ? "—" : numberText(shown.value, digits ?? shown.digits)), " ",
      make("span", { class: "unit" }, shown?.unit ?? "")),
    make("span", { class: "more" }, more.filter(Boolean).join(" · ")),
    answer.evidence && answer.evidence !== "measured"
      ? make("span", { class: weak ? "evidence weak" : "evidence" }, wordOf("evidence", answer.evidence, answer.evidence)) : null,
    answer.simulated ? make("span", { class: "badge", title: word("simulated_hint") }, word("simulated")) : null,
    make("details", { class: "how" }, make("summary", {}, word("how")),
      make("p", {}, methodLine(name, answer)),
      answer.window ? make("p", {}, windowText(answer.window.start_ms, answer.window.end_ms)) : null));
}

export function methodLine(name: string, answer: Answer): string {
  const { id, version, source } = answer.method;
  return word("method_line", { name, method: id, version, source, n: numberText(answer.n, 0), coverage: shareText(answer.coverage) });
}
