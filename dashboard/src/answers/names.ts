// Names of indices: of the catalogue, or composed of a quantity and what is said about it.

import "../i18n/answers";
import type { TextKey } from "../i18n/translate";
import { channelName, findTerm, listText, translate } from "../i18n/translate";

/** What the panels read of an answer. */
export interface NamedAnswer {
  method: { id: string };
  inputs: readonly string[];
}

const BEYOND = /^(heat|cold)_(degree_)?hours_(minus_)?(\d+)_degc$/;
const OF_PLACES = /^(.+)_(span|cv_pct)$/;
const BIAS = /^(.+)_bias .*?(\d*)$/;

/** Return the name of an index, in the page's language. */
export function indexName(index: string, answer?: NamedAnswer): string {
  const [, side, degree, minus, limit] = BEYOND.exec(index) ?? [];
  if (side !== undefined && limit !== undefined) {
    const where = side === "heat" ? "above" : "below";
    return translate(degree ? `answers_degree_hours_${where}` : `answers_hours_${where}`, { limit: minus ? `−${limit}` : limit });
  }
  if (answer?.method.id.startsWith("setpoint_")) {
    const setpoint = answer.inputs.find((name) => name.includes("_setpoint")) ?? index;
    return translate("answers_setpoint", { name: channelName(setpoint), what: translate(`answers_${answer.method.id}` as TextKey) });
  }
  if (findTerm("quantities", index) !== null) return channelName(index);
  const [, biased, number] = BIAS.exec(index) ?? [];
  if (biased !== undefined) return translate("answers_bias", { name: channelName(biased), number: Number(number || "0") + 1 });
  const [, quantity, of] = OF_PLACES.exec(index) ?? [];
  if (quantity !== undefined) return translate(of === "span" ? "answers_span" : "answers_variation", { name: channelName(quantity) });
  return channelName(index);
}

/** What a person enters for an answer. */
const ENTERED: Record<string, TextKey> = {
  leaf_area_index: "answers_leaf_area",
  height_m: "answers_height",
  co2_given_g_m2_h: "answers_co2_given",
  outside_co2_ppm: "answers_co2_outside",
};

/** Return the names of what an answer was computed from, each once; what a person declared is a text already. */
export function inputNames(inputs: readonly string[]): string {
  const shown = inputs.map((input) => {
    const [name = "", declared] = input.split(" = ");
    const entered = ENTERED[name];
    const named = entered === undefined ? channelName(name) : translate(entered);
    return declared === undefined ? named : `${named} = ${declared.replace(" (declared)", "")}`;
  });
  return listText([...new Set(shown)]);
}
