// Fields of a form as a draft keeps them: what names the form, what is typed in it, and how it gets into it again.

import type { Draft } from "../api/drafts";
import { currentLanguage } from "../i18n/preferences";

export type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
type Fields = Draft["fields"];

/** Attributes that tell one form of a page from another: the thing that it is about. */
const THINGS = [
  "panel",
  "part",
  "alarm",
  "rule",
  "recipient",
  "rota",
  "person",
  "house",
  "zone",
  "field",
  "lot",
  "pass",
  "gateway",
  "group",
  "source",
];

/** Return what names a form: the page, the things that it is within, and its own name. */
export function keyOfForm(form: HTMLFormElement, name: string): string {
  const path = location.hash.split("?")[0] ?? "";
  const things: string[] = [];
  for (let place = form.parentElement; place !== null; place = place.parentElement)
    for (const each of THINGS) if (place.dataset[each] !== undefined) things.unshift(`${each}=${place.dataset[each]}`);
  const own = [path, ...things, name].join("|");
  const taken = new Set([...document.querySelectorAll("form")].flatMap((each) => (each === form ? [] : (each.dataset["draft"] ?? []))));
  let number = 0;
  while (taken.has(`${own}#${number}`)) number += 1;
  form.dataset["draft"] = `${own}#${number}`;
  return form.dataset["draft"];
}

/** Return whether what is typed into a control is kept: secrets and files are kept nowhere, nor is what a browser is told not to keep. */
export function isDrafted(target: unknown): target is Control {
  const isControl = target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
  return isControl && target.name !== "" && target.autocomplete !== "off" && !["password", "file", "hidden"].includes(target.type);
}

/** Keys of Headland, and addresses that carry what opens a service. */
const SECRET = /\bhl_\w{8}|[?&][\w-]*(?:key|token|secret|password|sign|ak|tk)=[^&{]|:\/\/[^/@\s]+:[^/@\s]+@/i;

/** Return whether a text that was typed opens something, in whatever field it is: it is kept nowhere. */
export function isSecret(values: readonly string[]): boolean {
  return values.some((value) => SECRET.test(value));
}

/** Return what is in a field now, and what was in it before anything was typed. */
export function typedField(form: HTMLFormElement, name: string, known: Fields[string] | undefined): Fields[string] {
  return { values: valuesOf(form, name), before: known?.before ?? defaultsOf(form, name) };
}

/** Put what was typed into the controls that are there and not in `done`, and add these to it; return whether there were any. */
export function putFields(form: HTMLFormElement, draft: Draft, done: WeakSet<Control>): boolean {
  let isAny = false;
  for (const [name, { values, before }] of Object.entries(draft.fields)) {
    const controls = controlsOf(form, name);
    const added = controls.filter((control) => !done.has(control));
    if (added.length === 0 || !controls.every((control) => has(control, values))) continue;
    for (const control of added) done.add(control);
    // Another record has come into this form: what was typed is not about it. In another language a default is another text.
    const hasOtherTexts = draft.language !== currentLanguage() && controls[0]?.dataset["state"] === undefined;
    const isSame = hasOtherTexts || isTime(controls[0]) || isEqual(before, defaultsOf(form, name));
    if (!isSame) continue;
    for (const control of added) put(control, values, controls.indexOf(control));
    isAny = true;
  }
  return isAny;
}

/** Return what was typed as one text, to compare drafts. */
export function fieldsOf(draft: Draft | null): string {
  const fields = Object.entries(draft?.fields ?? {}).map(([name, { values }]) => [name, ...values]);
  return JSON.stringify(fields.sort(([a = ""], [b = ""]) => (a < b ? -1 : 1)));
}

function controlsOf(form: HTMLFormElement, name: string): Control[] {
  return [...form.elements].filter((each): each is Control => isDrafted(each) && each.name === name);
}

function isTicked(control: Control): control is HTMLInputElement {
  return control instanceof HTMLInputElement && ["checkbox", "radio"].includes(control.type);
}

function isTime(control: Control | undefined): boolean {
  return control !== undefined && ["datetime-local", "time"].includes(control.type);
}

function valuesOf(form: HTMLFormElement, name: string): string[] {
  return controlsOf(form, name).flatMap((control) => (isTicked(control) && !control.checked ? [] : [control.value]));
}

function defaultsOf(form: HTMLFormElement, name: string): string[] {
  return controlsOf(form, name).flatMap((control) => {
    // What is chosen of a list may follow another choice: it says nothing of the record.
    if (control instanceof HTMLSelectElement) return [];
    if (isTicked(control)) return control.defaultChecked ? [control.value] : [];
    return [control.defaultValue];
  });
}

function isEqual(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each, index) => each === others[index]);
}

/** Whether a control can take what was typed: a list may not have its options yet. */
function has(control: Control, values: readonly string[]): boolean {
  if (!(control instanceof HTMLSelectElement)) return true;
  return values.every((value) => [...control.options].some((option) => option.value === value));
}

function put(control: Control, values: readonly string[], index: number): void {
  if (isTicked(control)) {
    if (control.checked === values.includes(control.value)) return;
    // A click, so that whoever listens takes it as one.
    control.click();
    return;
  }
  const value = values[index];
  if (value === undefined || control.value === value) return;
  control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}
