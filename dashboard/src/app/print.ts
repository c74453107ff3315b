// Paper of any page: every section is loaded and opened first, a head says what it is, and what is not on it is named in a line.

import { nowMs } from "../api/clock";
import { pendingRequests } from "../api/request";
import { dateTimeText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { showToast } from "../ui/overlays";
import { printing } from "../ui/printing";

const LOOK_MS = 150;
/** So many looks find nothing to open and nothing awaited, before the page is whole. */
const QUIET_LOOKS = 4;
const MOST_WAIT_MS = 60_000;
/** Folds that no opened `details` are, such as a row of today or a step of a plan. */
const OTHER_FOLDS = "main [aria-expanded=false]:not(.map-layers-button), main .plan-closed";
/** What is not on paper, as in styles/touch.css. */
const OFF_PAPER =
  "form, .buttons, button:not(.pass-line), .tab-list, .paging, .map-foot, .choices-row, select, input, textarea, label, progress, h2, h3";

let opened: HTMLDetailsElement[] = [];
let marks: Element[] = [];
let loading = false;

/** Prepare the page for each print, also one that the browser's own menu begins; its key loads all sections first. */
export function startPrint(): void {
  addEventListener("beforeprint", prepare);
  addEventListener("afterprint", close);
  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "p" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void printWhole();
  });
}

/** Load and open every section of the page, and print it; what takes too long is named on the paper. */
export async function printWhole(): Promise<void> {
  if (loading) return;
  loading = true;
  let isEnough = false;
  const action = { text: translate("print_now"), run: () => (isEnough = true) };
  showToast(translate("print_loading"), { action });
  printing.value = true;
  const endMs = performance.now() + MOST_WAIT_MS;
  for (let quiet = 0; quiet < QUIET_LOOKS && !isEnough && performance.now() < endMs; ) {
    const isNew = openAll();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    quiet = isNew || isBusy() ? 0 : quiet + 1;
  }
  loading = false;
  print();
}

/** Open what is closed; return whether there was any. */
function openAll(): boolean {
  const closed = [...document.querySelectorAll<HTMLDetailsElement>("main details:not([open]):not(.tool)")];
  for (const each of closed) each.open = true;
  opened.push(...closed);
  return closed.length > 0;
}

function isBusy(): boolean {
  const isMapBusy = document.querySelector("main .map-view[data-state]:not([data-state=idle])") !== null;
  return isMapBusy || pendingRequests() > 0 || awaited(document).length > 0;
}

/** Return the signs that something is awaited which are to be seen. */
function awaited(place: ParentNode): Element[] {
  return [...place.querySelectorAll("main progress")].filter((each) => each.closest("[hidden]") === null);
}

function prepare(): void {
  printing.value = true;
  openAll();
  const head = document.createElement("p");
  head.className = "print-head";
  head.textContent = `${document.title} · ${dateTimeText(nowMs())}`;
  document.querySelector("main")?.prepend(head);
  marks.push(head);
  for (const each of document.querySelectorAll("main details:not(.tool), main .card:not(.plan-step)")) judge(each);
  const line = translate("print_not_loaded");
  for (const each of document.querySelectorAll(OTHER_FOLDS)) say(each, line);
  for (const each of awaited(document)) if (!isMarked(each)) say(each.parentElement ?? each, line);
  for (const list of document.querySelectorAll("main [role=tablist]")) {
    const others = [...list.querySelectorAll("[role=tab][aria-selected=false]")].map((tab) => tab.textContent);
    if (others.length > 0) say(list, translate("print_other_tabs", { names: others.join(" · ") }));
  }
}

function close(): void {
  for (const each of opened) each.open = false;
  for (const each of marks) each.remove();
  for (const each of document.querySelectorAll(".off-paper")) each.classList.remove("off-paper");
  opened = [];
  marks = [];
  // After the events of what was closed.
  setTimeout(() => (printing.value = loading), LOOK_MS);
}

/** Say in a section that it was not loaded, or take one that has only controls off the paper. */
function judge(section: Element): void {
  const parts = [...section.children].filter((each) => each.tagName !== "SUMMARY");
  const isFold = section.tagName === "DETAILS";
  if (isFold && !isMarked(section) && parts.every(isBlank)) say(section.lastElementChild ?? section, translate("print_not_loaded"));
  else if (!parts.some(hasPaper)) section.classList.add("off-paper");
}

/** Insert a line after an element; in a section, if it is its heading. */
function say(after: Element, text: string): void {
  const line = document.createElement("p");
  line.className = "print-line";
  line.textContent = text;
  after.after(line);
  marks.push(line);
}

function isMarked(place: Element): boolean {
  return marks.some((mark) => mark.parentElement?.closest("details")?.contains(place));
}

/** Tell whether a part is empty, or only says that its content is awaited. */
function isBlank(part: Element): boolean {
  if (part.matches(".progress") || part.querySelector(":scope > .progress:not([hidden])") !== null) return true;
  return part.textContent.trim() === "" && part.querySelector("input, svg, canvas, img") === null;
}

function hasPaper(part: Element): boolean {
  if (part.matches(OFF_PAPER) || (part instanceof HTMLElement && part.hidden)) return false;
  if (part.matches("svg, canvas, img, .print-line")) return true;
  return [...part.childNodes].some((node) => (node instanceof Element ? hasPaper(node) : (node.textContent ?? "").trim() !== ""));
}
