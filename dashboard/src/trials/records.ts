// Records of trials as the API has them.

import type { components } from "../api/schema";

export type Trial = components["schemas"]["Trial"];
export type Drawing = components["schemas"]["TrialDrawing"];
export type Result = components["schemas"]["TrialAnswer"];
export type Estimate = components["schemas"]["TrialEstimate"];
export type Response = components["schemas"]["ResponseAnswer"];

const COLOURS = ["#1f77b4", "#d98c2b", "#2f8f4e", "#b5455a", "#7a5bb0", "#7a6a53", "#c9679f", "#4aa3a8", "#8a8f2c", "#5b6f86"];

/** Colour of a treatment: ten colours, then again. */
export function treatmentColour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "#888888";
}
