// Units that the columns of a table can have: their names in a choice, and the one that a column's name has.

import "../i18n/imports";
import { unitText } from "../i18n/numbers";
import { translate, type TextKey } from "../i18n/translate";

/** Units that need more than their sign where several are to choose: a difference of 1 K is one of 1 °C, a reading is not. */
const NAMED: Record<string, TextKey> = { K: "import_unit_kelvin", "1": "import_unit_share" };

/** Return the name of a unit beside others of the same quantity. */
export function choiceUnitText(unit: string): string {
  const named = NAMED[unit];
  return named === undefined ? unitText(unit) : translate(named);
}

/** Return the unit that a column's name has, where the quantity can have it; else none where there are several. */
export function unitOf(units: readonly string[], written: string): string {
  const plain = (text: string): string =>
    text
      .replace(/^°$/, "deg")
      .replaceAll(/[°\s]/g, "")
      .replace("℃", "C")
      .replace("℉", "F")
      .replace(/^deg(?=[CF]$)/, "")
      .replaceAll("³", "3")
      .replaceAll("²", "2");
  const [only] = units;
  if (units.length === 1 && (written === "" || only === "1")) return only ?? "";
  return written === "" ? "" : (units.find((unit) => plain(unit) === plain(written)) ?? "");
}
