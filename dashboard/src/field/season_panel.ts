// All passes of a field, calculated one after another with progress.

import "../i18n/field";
import { errorText, request } from "../api/request";
import { make, type Child } from "../components/dom";
import { captionedTable } from "../components/parts";
import { Progress } from "../components/progress";
import { dateTimeText } from "../i18n/instants";
import { areaText, reasonText, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import type { Applied, PassItem } from "./records";

/** Totals do not depend on the cell size: large cells are fast [m]. */
const CELL_M = 10;
const TIMEOUT_MS = 120_000;

export function seasonPanel(
  passes: readonly PassItem[],
  swathM: () => number | undefined,
  nameOf: (device: string) => string,
  signal: AbortSignal,
): Node[] {
  const [place, progress, counter] = [make("div"), new Progress(), make("span", { class: "note", role: "status" })];
  const calculate = async (report: (share: number) => void): Promise<HTMLElement> => {
    const rows: Child[][] = [];
    for (const [index, pass] of passes.entries()) {
      report(index / passes.length);
      counter.textContent = translate("field_of", { done: index, all: passes.length });
      rows.push([dateTimeText(pass.start_ms), nameOf(pass.device), ...(await totalsOf(pass, swathM(), signal))]);
    }
    counter.textContent = "";
    return captionedTable(
      translate("field_season_passes"),
      [
        translate("field_pass"),
        translate("field_vehicle"),
        translate("field_amount"),
        translate("field_mean_rate"),
        translate("field_covered"),
      ],
      rows,
    );
  };
  const button = make(
    "button",
    {
      type: "button",
      class: "secondary",
      onclick: () => void progress.run(calculate).then((table) => table && place.replaceChildren(table)),
    },
    translate("field_season_calculate"),
  );
  return [
    make("p", { class: "note" }, translate("field_season_hint")),
    make("div", { class: "choices-row" }, button, counter),
    progress.element,
    place,
  ];
}

async function totalsOf(pass: PassItem, swathM: number | undefined, signal: AbortSignal): Promise<string[]> {
  try {
    const { amount, rate, cover } = await request<Applied>(`/v1/passes/${encodeURIComponent(pass.id)}/as-applied`, {
      signal,
      timeoutMs: TIMEOUT_MS,
      query: { cell_m: CELL_M, swath_m: swathM },
    });
    return [
      amount.value === null ? reasonText(amount.reason) : withUnit(amount.value, amount.unit, 2),
      rate.value === null ? reasonText(rate.reason) : withUnit(rate.value, rate.unit),
      areaText(cover.covered_m2),
    ];
  } catch (error) {
    const text = errorText(error);
    if (text === null) throw error;
    return [text, "", ""];
  }
}
