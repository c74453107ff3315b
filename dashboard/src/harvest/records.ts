// Records of harvests, lots and plant protection, by the routes that answer them.

import "../i18n/harvest";
import type { Body, ListItem } from "../api/client";
import { numberText } from "../i18n/numbers";
import { findTerm, translate, type TextKey } from "../i18n/translate";

export type LotItem = ListItem<"/v1/lots">;
export type LotHistory = Body<"/v1/lots/{thing}">;
export type Operation = LotHistory["operations"][number];
export type Happening = LotHistory["happenings"][number];
export type CertificateItem = ListItem<"/v1/certificates">;
export type ProtectionProduct = ListItem<"/v1/plant-protection-products">;
export type TreatmentItem = ListItem<"/v1/treatments">;
export type TreatmentCheck = Body<"/v1/treatments/{thing}/check">;

export const FORMS = ["a7", "label_60x40", "a4"] as const;
export type PrintForm = (typeof FORMS)[number];
export const CROPS = ["tomato", "cucumber", "lettuce", "pepper", "strawberry", "wheat", "rice"] as const;

/** Return a mass in kilograms, exact to the gram. */
export function massText(grams: number): string {
  const digits = grams % 1000 === 0 ? 0 : grams % 10 === 0 ? 2 : 3;
  return `${numberText(grams / 1000, digits)} ${translate("harvest_kg")}`;
}

/** Return whole grams of entered kilograms. */
export function gramsOf(kilograms: number | null): number {
  return Math.round((kilograms ?? 0) * 1000);
}

export function cropText(crop: string): string {
  return findTerm("crops", crop.trim().toLowerCase()) ?? crop;
}

export function evidenceText(evidence: string): string {
  return translate(`harvest_class_${evidence}` as TextKey);
}
