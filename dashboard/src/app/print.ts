// Paper of any page: all sections are open while it is printed, and a head says what it is and when it was printed.

import { dateTimeText } from "../i18n/instants";

/** Prepare the page for each print, also one that the browser's own menu begins. */
export function startPrint(nowMs: () => number): void {
  let opened: HTMLDetailsElement[] = [];
  const head = document.createElement("p");
  head.className = "print-head";
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll<HTMLDetailsElement>("main details:not([open])")];
    for (const each of opened) each.open = true;
    head.textContent = `${document.title} · ${dateTimeText(nowMs())}`;
    document.querySelector("main")?.prepend(head);
  });
  addEventListener("afterprint", () => {
    for (const each of opened) each.open = false;
    opened = [];
    head.remove();
  });
}
