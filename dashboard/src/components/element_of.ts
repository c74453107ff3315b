// The element of a component, for what takes elements, such as a mark on a map. Not while a component draws: it would lose its hooks.

import { render, type ComponentChild } from "preact";

export function elementOf(content: ComponentChild): HTMLElement {
  const place = document.createElement("div");
  render(content, place);
  return place.firstElementChild as HTMLElement;
}
