// Legend of a map or chart: a patch of colour and what it means.

import { make } from "./dom";

/** How a mark is drawn. */
export type Shape = "area" | "line" | "thick" | "dashed" | "ring" | "dot" | "number";

export interface LegendItem {
  colour: string;
  text: string;
  /** Where the layer that draws it does not say it. */
  shape?: Shape;
  /** Of an area above the ground of the map. */
  opacity?: number;
}

/** Return the items of a legend. */
export function legendOf(items: readonly LegendItem[]): HTMLElement[] {
  return items.map(({ colour, text }) => make("li", {}, patchOf(colour), text));
}

/** Return a patch of colour, which stands before its meaning. */
export function patchOf(colour: string): HTMLElement {
  const patch = make("span", { class: "key", "aria-hidden": "true" });
  patch.style.background = colour;
  return patch;
}

/** Return the key of a mark on a map in its shape, an area with its edge. */
export function keyOf({ colour, opacity = 1 }: LegendItem, shape: Shape, edge?: { colour: string; shape: Shape }): HTMLElement {
  const key = make("span", { class: `key ${shape}`, "aria-hidden": "true", "data-colour": colour, "data-edge": edge?.colour });
  if (shape === "number") key.textContent = "1";
  else if (shape !== "area") key.style.color = colour;
  else key.style.background = opacity < 1 ? `color-mix(in srgb, ${colour} ${Math.round(100 * opacity)}%, var(--map-background))` : colour;
  if (edge !== undefined) key.style.border = `2px ${edge.shape === "dashed" ? "dashed" : "solid"} ${edge.colour}`;
  return key;
}
