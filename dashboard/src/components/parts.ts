// Parts that pages without components use: labelled controls and the mark of simulated data.

import { translate } from "../i18n/translate";
import { make } from "./dom";

/** Return a control with its label and an optional hint; the control has an id. */
export function labelled(control: HTMLElement, text: string, hint = ""): HTMLElement {
  return make(
    "div",
    { class: "labelled" },
    make("label", { for: control.id }, text),
    control,
    hint ? make("span", { class: "note" }, hint) : null,
  );
}

/** Return the mark of simulated data. */
export function simulatedBadge(): HTMLElement {
  return make("span", { class: "badge", title: translate("simulated_hint") }, translate("simulated"));
}
