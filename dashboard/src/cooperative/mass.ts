// Masses of goods: whole grams as kilograms.

import "../i18n/deliveries";
import { numberText } from "../i18n/numbers";
import { findTerm, translate } from "../i18n/translate";

/** Return a mass in kilograms, exact to the gram. */
export function massText(grams: number): string {
  const digits = grams % 1000 === 0 ? 0 : grams % 10 === 0 ? 2 : 3;
  return `${numberText(grams / 1000, digits)} ${translate("deliv_kg")}`;
}

/** Return whole grams of entered kilograms. */
export function gramsOf(kilograms: number | null): number {
  return Math.round((kilograms ?? 0) * 1000);
}

export function cropText(crop: string | null | undefined): string {
  return crop ? (findTerm("crops", crop.trim().toLowerCase()) ?? crop) : "—";
}
