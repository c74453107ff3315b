// Drafts of forms: what was typed is kept as it is typed, and is in the form again after a change of language, Back, a reload or a sign-in.
// Fields that come later, with a list or with a choice, get theirs when they come, until the user types.

import { useLayoutEffect, useState } from "preact/hooks";
import { dropDraft, loadDraft, saveDraft, type Draft } from "../api/drafts";
import { currentSession } from "../api/session";
import { currentLanguage } from "../i18n/preferences";

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

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
];

export interface FormDraft {
  /** Whether something that was typed before is in the form again. */
  isRestored: boolean;
  /** Delete what was typed. */
  drop: () => void;
}

/** Keep and restore what is typed into a form. */
export function useFormDraft(form: { current: HTMLFormElement | null }): FormDraft {
  const [isRestored, setRestored] = useState(false);
  const [keeper] = useState(() => new DraftKeeper());
  useLayoutEffect(() => {
    if (form.current !== null) keeper.start(form.current, () => setRestored(true));
    return () => keeper.stop();
  }, [keeper, form.current]);
  return {
    isRestored,
    drop: () => {
      keeper.drop();
      setRestored(false);
    },
  };
}

class DraftKeeper {
  #form: HTMLFormElement | null = null;
  #key = "";
  #draft: Draft | null = null;
  #waiting = new Set<string>();
  #observer: MutationObserver | null = null;
  #isRestoring = false;
  #tell: () => void = () => undefined;

  start(form: HTMLFormElement, tell: () => void): void {
    if (this.#form === form) return;
    this.stop();
    this.#form = form;
    this.#tell = tell;
    this.#key = keyOf(form);
    this.#draft = loadDraft(this.#key, author());
    this.#waiting = new Set(Object.keys(this.#draft?.fields ?? {}));
    form.addEventListener("input", this.#keep, true);
    form.addEventListener("change", this.#keep, true);
    if (this.#waiting.size === 0) return;
    this.#observer = new MutationObserver(() => this.#restore());
    this.#observer.observe(form, { childList: true, subtree: true });
    this.#restore();
  }

  stop(): void {
    this.#form?.removeEventListener("input", this.#keep, true);
    this.#form?.removeEventListener("change", this.#keep, true);
    this.#endRestoring();
    this.#form = null;
  }

  drop(): void {
    this.#endRestoring();
    this.#draft = null;
    dropDraft(this.#key);
  }

  readonly #keep = (event: Event): void => {
    const control = event.target;
    if (this.#isRestoring || this.#form === null || !isControl(control) || !isKept(control)) return;
    // What a person types is newer than what was typed before.
    this.#endRestoring();
    const fields = { ...this.#draft?.fields };
    const before = fields[control.name]?.before ?? defaultsOf(this.#form, control.name);
    fields[control.name] = { values: valuesOf(this.#form, control.name), before };
    this.#draft = { by: author(), language: currentLanguage(), madeMs: Date.now(), fields };
    saveDraft(this.#key, this.#draft);
  };

  #restore(): void {
    const [form, draft] = [this.#form, this.#draft];
    if (form === null || draft === null || this.#isRestoring) return;
    this.#isRestoring = true;
    for (const name of [...this.#waiting]) {
      const { values, before } = draft.fields[name] ?? { values: [], before: [] };
      const controls = controlsOf(form, name);
      if (controls.length === 0 || !controls.every((control) => has(control, values))) continue;
      this.#waiting.delete(name);
      // Another record has come into this form: what was typed is not about it. In another language a default is another text.
      const isSame = draft.language !== currentLanguage() || isTime(controls[0]) || isEqual(before, defaultsOf(form, name));
      if (!isSame) continue;
      for (const control of controls) put(control, values);
      this.#tell();
    }
    this.#isRestoring = false;
    if (this.#waiting.size === 0) this.#endRestoring();
  }

  #endRestoring(): void {
    this.#observer?.disconnect();
    this.#observer = null;
    this.#waiting.clear();
  }
}

function author(): string {
  return currentSession()?.by ?? "";
}

/** Return what names a form: the page, the things that it is within, and its first field. */
function keyOf(form: HTMLFormElement): string {
  const path = location.hash.split("?")[0] ?? "";
  const things: string[] = [];
  for (let place = form.parentElement; place !== null; place = place.parentElement)
    for (const name of THINGS) if (place.dataset[name] !== undefined) things.unshift(`${name}=${place.dataset[name]}`);
  const first = [...form.elements].find((each) => isControl(each) && isKept(each));
  const own = [path, ...things, first?.getAttribute("name") ?? ""].join("|");
  const alike = [...document.querySelectorAll("form")].filter((each) => each.dataset["draft"]?.startsWith(`${own}#`) && each !== form);
  form.dataset["draft"] = `${own}#${alike.length}`;
  return form.dataset["draft"];
}

function isControl(target: unknown): target is Control {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/** Secrets and files are kept nowhere. */
function isKept(control: Control): boolean {
  return control.name !== "" && !["password", "file", "hidden"].includes(control.type);
}

function controlsOf(form: HTMLFormElement, name: string): Control[] {
  return [...form.elements].filter((each): each is Control => isControl(each) && each.name === name && isKept(each));
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

function put(control: Control, values: readonly string[]): void {
  if (isTicked(control)) {
    if (control.checked === values.includes(control.value)) return;
    // A click, so that whoever listens takes it as one.
    control.click();
    return;
  }
  if (control.value === (values[0] ?? "")) return;
  control.value = values[0] ?? "";
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}
