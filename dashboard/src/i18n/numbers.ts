// Formatting of numbers and units. Areas and rates per area are in the chosen area unit.

import { numberFormat } from "./formatters";
import { currentAreaUnit } from "./preferences";
import { digitsOf, findUnit, unitOfName } from "./quantities";
import { findTerm, term, translate } from "./translate";

/** 15 mu are 1 ha. */
export const MU_PER_HA = 15;

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

/** Return a value, its unit's text and its digits in the chosen area unit: `kg/ha` and `ha` become `kg/mu` and `mu`. */
export function toAreaUnit(value: number, unit: string, name = ""): { value: number; unit: string; digits: number } {
  const inMu = currentAreaUnit() === "mu" ? unit.replace(/(^|\/)ha$/, "$1mu") : unit;
  if (inMu === unit) return { value, unit: unitText(unit), digits: digitsOf(unit, name) };
  const shown = unit === "ha" ? value * MU_PER_HA : value / MU_PER_HA;
  return { value: shown, unit: unitText(inMu), digits: findUnit(inMu)?.decimals ?? digitsOf(unit) + 1 };
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

/** Return the range of a channel's or an index's values, with their unit. */
export function rangeText(name: string, low: number, high: number): string {
  const unit = unitOfName(name);
  const digits = digitsOf(unit, name);
  return `${numberText(low, digits)}–${numberText(high, digits)} ${unitText(unit)}`.trim();
}

/** Return [number, unit] of a channel's value as two texts, for a smaller unit beside the number. */
export function valueParts(channel: string, value: number, unit: string): [string, string] {
  const quantity = channel.split(":")[0] ?? channel;
  if (quantity.endsWith("_on")) return [translate(value > 0.5 ? "on" : "off"), ""];
  if (quantity === "gps_fix_code") return [term("gps_fix", value), ""];
  if (unit === "1" && Number.isInteger(value)) return [numberText(value, 0), ""];
  const shown = toAreaUnit(value, unit, channel);
  return [numberText(shown.value, shown.digits), shown.unit];
}

/** Return the text of a reason for a missing value. */
export function reasonText(reason: string | null | undefined): string {
  return term("reasons", (reason ?? "insufficient_data").replaceAll("-", "_"));
}
