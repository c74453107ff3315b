// Formatting of numbers and units. Areas and rates per area are in the chosen area unit.

import { numberFormat } from "./formatters";
import { currentAreaUnit } from "./preferences";
import { findTerm, term, translate } from "./translate";

/** 15 mu are 1 ha. */
export const MU_PER_HA = 15;

const DIGITS: Record<string, number> = {
  degC: 1,
  "%": 0,
  ppm: 0,
  "m/s": 1,
  m: 1,
  "L/min": 2,
  L: 2,
  kg: 2,
  kPa: 2,
  "g/m3": 1,
  deg: 0,
  V: 2,
  A: 1,
  mAh: 0,
  K: 1,
  s: 0,
  mm: 1,
  rad: 2,
  "rad/s": 2,
  "W/m2": 0,
  "umol/m2/s": 0,
  us: 0,
  "L/ha": 1,
  "kg/ha": 1,
  ha: 3,
  m2: 0,
  "kg/min": 2,
  min: 1,
};

export function numberText(value: number, digits: number): string {
  return numberFormat({
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: "negative",
  }).format(value);
}

export function shareText(share: number, digits = 0): string {
  return numberFormat({ style: "percent", maximumFractionDigits: digits }).format(share);
}

export function bytesText(bytes: number): string {
  const [unit, size] =
    bytes < 1000
      ? (["byte", 1] as const)
      : bytes < 1e6
        ? (["kilobyte", 1e3] as const)
        : bytes < 1e9
          ? (["megabyte", 1e6] as const)
          : (["gigabyte", 1e9] as const);
  return numberFormat({ style: "unit", unit, maximumFractionDigits: unit === "byte" ? 0 : 1 }).format(bytes / size);
}

export function unitText(unit: string): string {
  return findTerm("units", unit) ?? unit;
}

export function digitsOf(unit: string, channel = ""): number {
  if (/l(at|ong)itude_deg/.test(channel)) return 6;
  return DIGITS[unit] ?? 2;
}

/** Return a value, its unit's text and its digits in the chosen area unit: `kg/ha` and `ha` become `kg/mu` and `mu`. */
export function toAreaUnit(value: number, unit: string): { value: number; unit: string; digits: number } {
  const digits = digitsOf(unit);
  if (currentAreaUnit() === "mu" && unit === "ha") return { value: value * MU_PER_HA, unit: unitText("mu"), digits: 2 };
  if (currentAreaUnit() === "mu" && unit.endsWith("/ha"))
    return { value: value / MU_PER_HA, unit: unitText(unit.replace(/ha$/, "mu")), digits: digits + 1 };
  return { value, unit: unitText(unit), digits };
}

/** Return how many of the chosen area unit are 1 ha: input per area unit times this is per ha. */
export function areaUnitsPerHa(): number {
  return currentAreaUnit() === "ha" ? 1 : MU_PER_HA;
}

/** Return a number with its unit, in the chosen area unit. `digits` applies where the unit is not converted. */
export function withUnit(value: number, unit: string, digits?: number): string {
  const shown = toAreaUnit(value, unit);
  const given = currentAreaUnit() === "ha" || shown.unit === unitText(unit) ? digits : undefined;
  return `${numberText(shown.value, given ?? shown.digits)} ${shown.unit}`.trim();
}

/** Return a mass given in t: in kg below a tonne. */
export function massText(tonnes: number): string {
  return Math.abs(tonnes) < 1 ? `${numberText(tonnes * 1000, 0)} ${unitText("kg")}` : `${numberText(tonnes, 2)} ${unitText("t")}`;
}

/** Return an area given in m², in the chosen area unit. */
export function areaText(squareMetres: number): string {
  return withUnit(squareMetres / 10_000, "ha");
}

/** Return [number, unit] of a channel's value as two texts, for a smaller unit beside the number. */
export function valueParts(channel: string, value: number, unit: string): [string, string] {
  const quantity = channel.split(":")[0] ?? channel;
  if (quantity.endsWith("_on")) return [translate(value > 0.5 ? "on" : "off"), ""];
  if (quantity === "gps_fix_code") return [term("gps_fix", value), ""];
  if (unit === "1" && Number.isInteger(value)) return [numberText(value, 0), ""];
  const shown = toAreaUnit(value, unit);
  return [numberText(shown.value, /_deg$/.test(quantity) ? digitsOf(unit, channel) : shown.digits), shown.unit];
}

/** Return the text of a reason for a missing value. */
export function reasonText(reason: string | null | undefined): string {
  return term("reasons", (reason ?? "insufficient_data").replaceAll("-", "_"));
}
