// Legend of a map or chart: a patch of colour and what it means.

import { make } from "./dom";

export interface LegendItem {
  colour: string;
  text: string;
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
