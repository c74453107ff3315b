// All passes of a field, worked out one after another: it takes a while, and says how far it is.

import { ask } from "../api/request";
import { sentenceOf } from "../api/request";
import { make } from "../components/dom";
import { Progress } from "../components/progress";
import { dateTimeText } from "../i18n/instants";
import { groundText, reasonText, withUnit } from "../i18n/numbers";
import { word } from "../i18n/translate";
import { table } from "./pass_panels";
import type { Applied, PassItem } from "./records";

/** The cells matter to nobody here: large ones are quick. */
const CELL_M = 10;

export function seasonPanel(passes: readonly PassItem[], swath: () => number | undefined, signal: AbortSignal): Node[] {
  const [place, progress, count] = [make("div"), new Progress(), make("span", { class: "note", role: "status" })];
  const draw = async (tell: (share: number) => void): Promise<HTMLElement> => {
    const rows: (string | Node)[][] = [];
    for (const [index, pass] of passes.entries()) {
      tell(index / passes.length);
      count.textContent = word("field_of", { done: index, all: passes.length });
      rows.push([dateTimeText(pass.start_ms), pass.device, ...(await oneRow(pass))]);
    }
    count.textContent = "";
    return table(word("field_season_map"), [word("field_pass"), word("field_vehicle"), word("field_amount"), word("field_mean_rate"), word("field_covered")], rows);
  };
  const oneRow = async (pass: PassItem): Promise<string[]> => {
    try {
      const told = await ask<Applied>(`/v1/passes/${encodeURIComponent(pass.id)}/as-applied`, { signal, patienceMs: 120_000, query: { cell_m: CELL_M, swath_m: swath() } });
      const { amount, rate, cover } = told;
      return [
        amount.value === null ? reasonText(amount.reason) : withUnit(amount.value, amount.unit, 2),
        rate.value === null ? reasonText(rate.reason) : withUnit(rate.value, rate.unit), groundText(cover.covered_m2),
      ];
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence === null) throw error;
      return [sentence, "", ""];
    }
  };
  return [
    make("p", { class: "note" }, word("field_season_hint")),
    make("div", { class: "choices-row" },
      make("button", { type: "button", class: "secondary", onclick: () => void progress.run(draw).then((made) => made && place.replaceChildren(made)) }, word("field_season_draw")), count),
    progress.element, place,
  ];
}
