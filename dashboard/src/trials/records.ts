// Records of trials as the API has them.

import palette from "../../../headland/contract/palette.json";
import type { components } from "../api/schema";

export type Trial = components["schemas"]["Trial"];
export type Drawing = components["schemas"]["TrialDrawing"];
export type Result = components["schemas"]["TrialAnswer"];
export type Estimate = components["schemas"]["TrialEstimate"];
export type Response = components["schemas"]["ResponseAnswer"];

/** Colour of a treatment: ten colours, then again. */
export function treatmentColour(index: number): string {
  return palette.treatments[index % palette.treatments.length] ?? palette.no_value;
}
