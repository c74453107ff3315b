// The element of a component, for what takes elements: a mark on a map, and a panel that is no component yet.

import { render, type ComponentChild } from "preact";

export function elementOf(content: ComponentChild): HTMLElement {
  const place = document.createElement("div");
  render(content, place);
  return place.firstElementChild as HTMLElement;
}
