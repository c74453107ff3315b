// An analytic answer as a tile: its number, what it spans, what it rests on; or why there is none.

import { make, setText } from "/page/dom.js";
import { currentLanguage, numberText, shareText, unitText, withUnit, word } from "/page/words.js";

// From here on a share is not worth a remark.
const COMPLETE = 0.995;

// 1 mu is 666.67 m2; growers in China count in it.
const MU_PER_HECTARE = 15;

const CLIMATE = [
  { field: "vpd_kpa", name: "vpd", digits: 2, coverage: "covered" },
  { field: "dew_point_degc", name: "dewPoint", digits: 1, coverage: "covered" },
  { field: "humidity_deficit_g_m3", name: "deficit", digits: 1, coverage: "covered" },
  { field: "frost_point_degc", name: "frostPoint", digits: 1, coverage: "covered" },
];

const APPLICATION = [
  { field: "product_applied_l", name: "applied", digits: 2, coverage: "known" },
  { field: "product_applied_kg", name: "applied", digits: 2, coverage: "known", either: true },
  { field: "area_treated_ha", name: "treated", digits: 3, coverage: "located", mu: (value) => `${numberText(value * MU_PER_HECTARE, 2)} 亩` },
  { field: "overlap_m2", name: "overlap", digits: 0, coverage: "located", shareOf: "area_treated_m2" },
  { field: "mean_rate_l_ha", name: "rate", digits: 1, coverage: "located", mu: (value) => `${numberText(value / MU_PER_HECTARE, 2)} L/亩` },
  { field: "mean_rate_kg_ha", name: "rate", digits: 1, coverage: "located", mu: (value) => `${numberText(value / MU_PER_HECTARE, 2)} kg/亩`, either: true },
];

export function answersOf(title) {
  return title === "climate" ? CLIMATE : APPLICATION;
}

// What all answers of a group rest on, said once where it is the same for all.
export class AnswerBasis {
  constructor() {
    this.evidence = make("span", { class: "evidence" });
    this.share = make("span", { class: "more" });
    this.element = make("p", { class: "basis" }, this.evidence, this.share);
  }

  update(specs, answers) {
    const given = specs.map((spec) => [spec, answers?.[spec.field]]).filter(([, answer]) => answer && answer.value !== null);
    this.sameEvidence = new Set(given.map(([, answer]) => answer.evidence)).size === 1;
    const shares = new Set(given.map(([spec, answer]) => shareSaid(spec, answer)));
    this.sameShare = shares.size === 1;
    showEvidence(this.evidence, this.sameEvidence ? given[0][1].evidence : null);
    setText(this.share, this.sameShare && given[0][1].coverage < COMPLETE ? [...shares][0] : "");
    this.element.hidden = this.evidence.hidden && this.share.textContent === "";
  }
}

export class AnswerTile {
  constructor(spec) {
    this.spec = spec;
    this.number = make("span", { class: "number" });
    this.unit = make("span", { class: "unit" });
    this.more = make("span", { class: "more" });
    this.evidence = make("span", { class: "evidence" });
    this.how = make("li");
    this.element = make("div", { class: "answer", "data-answer": spec.field },
      make("span", { class: "answer-name" }, word(spec.name)), make("span", { class: "answer-value" }, this.number, " ", this.unit), this.more, this.evidence);
  }

  update(answers, basis) {
    const answer = answers?.[this.spec.field];
    // Litres or kilograms: until an answer says which, room is kept for one of them.
    this.element.hidden = this.how.hidden = !answer && (answers !== null || this.spec.either === true);
    if (!answer) {
      setText(this.number, "—");
      return;
    }
    const given = answer.value !== null;
    this.element.classList.toggle("none", !given);
    setText(this.number, given ? numberText(answer.value, this.spec.digits) : "—");
    setText(this.unit, given ? unitText(answer.unit) : "");
    setText(this.more, (given ? this.#aside(answers, answer, basis) : this.#excuse(answer)).filter(Boolean).join(" · "));
    showEvidence(this.evidence, basis.sameEvidence ? null : answer.evidence);
    const method = `${answer.method.id} v${answer.method.version} — ${answer.method.source}`;
    setText(this.how, `${word(this.spec.name)}: ${method}. ${word("samples", { n: numberText(answer.n, 0) })}, ${shareSaid(this.spec, answer)}.`);
  }

  #excuse(answer) {
    return [word(`reason_${answer.reason}`), answer.reason === "insufficient_data" ? shareSaid(this.spec, answer) : ""];
  }

  #aside(answers, answer, basis) {
    return [this.#span(answers, answer), answer.coverage < COMPLETE && !basis.sameShare ? shareSaid(this.spec, answer) : ""];
  }

  #span(answers, answer) {
    const { digits, mu, shareOf } = this.spec;
    if (answer.low !== null) return word("range", { low: numberText(answer.low, digits), high: withUnit(answer.high, answer.unit, digits) });
    if (mu && currentLanguage() === "zh-CN") return mu(answer.value);
    const whole = shareOf ? answers[shareOf]?.value : null;
    return whole ? word("share_of_treated", { share: shareText(answer.value / whole) }) : "";
  }
}

function shareSaid(spec, answer) {
  return word(spec.coverage, { share: shareText(answer.coverage) });
}

function showEvidence(element, evidence) {
  // That a thermometer measured needs no saying; that a meter did, or that none did, does.
  element.hidden = !evidence || evidence === "measured";
  setText(element, evidence ? word(`evidence_${evidence}`) : "");
  element.classList.toggle("weak", evidence === "pump_pwm");
}
