// Answers of the API about yield, and their amounts as texts in the chosen unit of areas.

import type { Body, ListItem } from "../api/client";
import { currentAreaUnit } from "../i18n/preferences";
import { MU_PER_HA, numberText, unitText } from "../i18n/numbers";

export type FieldYield = Body<"/v1/fields/{field}/yield">;
export type AgainstApplied = Body<"/v1/fields/{field}/yield/against-applied">;
export type Stability = Body<"/v1/fields/{field}/yield/stability">;
export type SeasonOfField = ListItem<"/v1/fields/{field}/yield/seasons">;
export type HarvestPass = ListItem<"/v1/fields/{field}/harvest-passes">;
export type MachineYield = FieldYield["machines"][number];

/** Where a grid lies; rows from the south. */
export interface GridPlace {
  rows: number;
  columns: number;
  south_deg: number;
  west_deg: number;
  north_step_deg: number;
  east_step_deg: number;
}
export type Cells = readonly (readonly (number | null)[])[];

/** Which harvest is asked for. */
export type Harvest = { season: string } | { start: number; end: number };

export const TIMEOUT_MS = 120_000;
const KG_T = 1000;

/** The unit of yields: kg a mu where areas are in mu, else t a hectare. */
export function yieldUnit(): string {
  return unitText(currentAreaUnit() === "mu" ? "kg/mu" : "t/ha");
}

/** Return a yield in the unit of yields. */
export function yieldNumber(tonnesHa: number): number {
  return currentAreaUnit() === "mu" ? (tonnesHa * KG_T) / MU_PER_HA : tonnesHa;
}

export function yieldDigits(): number {
  return currentAreaUnit() === "mu" ? 0 : 2;
}

export function yieldText(tonnesHa: number): string {
  return `${numberText(yieldNumber(tonnesHa), yieldDigits())} ${yieldUnit()}`;
}
