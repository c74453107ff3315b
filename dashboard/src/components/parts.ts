// Parts that several pages use: labelled controls, tables, facts and panels that load when opened.

import { translate } from "../i18n/translate";
import { make, type Child } from "./dom";
import { Progress } from "./progress";

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

/** Return a table that scrolls sideways; an empty head is a cell without a name. */
export function scrollTable(
  name: string,
  heads: string[],
  rows: HTMLElement[] | HTMLElement,
  tableClass: string | null = heads.length > 4 ? "wide" : null,
): HTMLElement {
  const body = rows instanceof HTMLElement ? rows : make("tbody", {}, ...rows);
  return make(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    make(
      "table",
      { class: tableClass },
      make("caption", { class: "hidden" }, name),
      heads.length === 0
        ? null
        : make("thead", {}, make("tr", {}, ...heads.map((head) => (head === "" ? make("td") : make("th", { scope: "col" }, head))))),
      body,
    ),
  );
}

/** Return a table with a visible caption; the first column heads its rows. */
export function captionedTable(caption: string, heads: string[], rows: Child[][], note = ""): HTMLElement {
  return make(
    "div",
    { class: "scroll" },
    make(
      "table",
      {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...heads.map((head) => make("th", { scope: "col" }, head)))),
      make(
        "tbody",
        {},
        ...rows.map((cells) =>
          make("tr", {}, ...cells.map((cell, index) => (index === 0 ? make("th", { scope: "row" }, cell) : make("td", {}, cell)))),
        ),
      ),
    ),
    note ? make("p", { class: "note" }, note) : null,
  );
}

/** Return a named value without details. */
export function fact(name: string, value: string): HTMLElement {
  return make(
    "div",
    { class: "answer" },
    make("span", { class: "answer-name" }, name),
    make("span", { class: "answer-value" }, make("span", { class: "figure" }, value)),
  );
}

/** Return a panel whose content is loaded when it is first opened, and again after a failure. */
export function foldedPanel(title: string, panel: string, load: () => Promise<Node[]>): HTMLDetailsElement {
  const [place, progress] = [make("div", { class: "fold-place" }), new Progress()];
  const details = make(
    "details",
    { class: "card fold", "data-panel": panel },
    make("summary", {}, make("h2", {}, title)),
    progress.element,
    place,
  );
  let requested = false;
  details.addEventListener("toggle", () => {
    if (!details.open || requested) return;
    requested = true;
    void progress.run(load).then((content) => {
      requested = content !== null;
      if (content !== null) place.replaceChildren(...content);
    });
  });
  return details;
}

/** Return the mark of simulated data. */
export function simulatedBadge(): HTMLElement {
  return make("span", { class: "badge", title: translate("simulated_hint") }, translate("simulated"));
}
