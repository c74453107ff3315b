// How numbers and units are written. What is per hectare or in hectares follows the unit of ground that was chosen.

import { currentArea, currentLanguage } from "./preferences";
import { word, wordOf, type Word } from "./translate";

/** 15 mu are one hectare. */
export const MU_PER_HA = 15;

const UNITS: Record<string, string> = {
  degC: "°C", deg: "°", "deg/s": "°/s", "g/m3": "g/m³", m2: "m²", m3: "m³", "W/m2": "W/m²", "MJ/m2": "MJ/m²",
  "mol/m2": "mol/m²", "umol/m2/s": "µmol/m²/s", "umol/mol": "µmol/mol", us: "µs", "1": "",
};

const DIGITS: Record<string, number> = {
  degC: 1, "%": 0, ppm: 0, "m/s": 1, m: 1, "L/min": 2, L: 2, kg: 2, kPa: 2, "g/m3": 1, deg: 0, V: 2, A: 1, mAh: 0,
  rad: 2, "rad/s": 2, "W/m2": 0, "umol/m2/s": 0, us: 0, "L/ha": 1, "kg/ha": 1, ha: 3, m2: 0, "kg/min": 2, min: 1,
};

export function numberText(value: number, digits: number): string {
  return new Intl.NumberFormat(currentLanguage(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function shareText(share: number, digits = 0): string {
  return new Intl.NumberFormat(currentLanguage(), { style: "percent", maximumFractionDigits: digits }).format(share);
}

export function unitText(unit: string): string {
  return UNITS[unit] ?? unit;
}

export function digitsOf(unit: string, channel = ""): number {
  if (/l(at|ong)itude_deg/.test(channel)) return 6;
  return DIGITS[unit] ?? 2;
}

/** Return the value and the unit in which it is shown: `kg/ha` and `ha` become `kg/mu` and `mu` where mu was chosen. */
export function inChosenArea(value: number, unit: string): { value: number; unit: string; digits: number } {
  const digits = digitsOf(unit);
  if (currentArea() === "ha") return { value, unit: unitText(unit).replace(/(^|\/)ha$/, (_, slash: string) => `${slash}${word("unit_ha")}`), digits };
  if (unit === "ha") return { value: value * MU_PER_HA, unit: word("unit_mu"), digits: 2 };
  if (unit.endsWith("/ha")) return { value: value / MU_PER_HA, unit: `${unit.slice(0, -3)}/${word("unit_mu")}`, digits: digits + 1 };
  return { value, unit: unitText(unit), digits };
}

/** Return how many of the chosen unit of ground are a hectare: what somebody types is per one of them. */
export function areasPerHa(): number {
  return currentArea() === "ha" ? 1 : MU_PER_HA;
}

/** Return a number with its unit, in the unit of ground that was chosen. */
export function withUnit(value: number, unit: string, digits?: number): string {
  const shown = inChosenArea(value, unit);
  const own = currentArea() === "ha" || shown.unit === unitText(unit) ? digits : undefined;
  return `${numberText(shown.value, own ?? shown.digits)} ${shown.unit}`.trim();
}

/** Return ground given in m² in the unit that was chosen. */
export function groundText(squareMetres: number): string {
  return withUnit(squareMetres / 10_000, "ha");
}

/** Return [number, unit] of a channel's value as two texts, so that the unit can be set smaller. */
export function valueParts(channel: string, value: number, unit: string): [string, string] {
  const quantity = channel.split(":")[0] ?? channel;
  if (quantity.endsWith("_on")) return [word(value > 0.5 ? "on" : "off"), ""];
  if (quantity === "gps_fix_code") return [wordOf("fix", value, String(value)), ""];
  if (unit === "1" && Number.isInteger(value)) return [numberText(value, 0), ""];
  const shown = inChosenArea(value, unit);
  return [numberText(shown.value, /_deg$/.test(quantity) ? digitsOf(unit, channel) : shown.digits), shown.unit];
}

/** Return why there is no number, in words. */
export function reasonText(reason: string | null | undefined): string {
  const key = `reason_${reason ?? "insufficient_data"}`;
  return wordOf("reason", reason ?? "insufficient_data", word("reason_other" satisfies Word, { reason: key.slice(7) }));
}
