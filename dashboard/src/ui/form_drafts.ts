// Drafts of forms: what was typed is kept as it is typed, and is in the form again after a change of language, Back, a reload or a sign-in.
// What was typed in another tab is offered: the later one is in the form, the other one a click away.

import { useLayoutEffect, useState } from "preact/hooks";
import { dropDraft, followDraft, loadDraft, loadDraftOfOthers, saveDraft, type Draft, type DraftedForm } from "../api/drafts";
import { currentAuthor } from "../api/session";
import { currentLanguage } from "../i18n/preferences";
import { fieldsOf, isDrafted, isSecret, keyOfForm, putFields, typedField, type Control } from "./form_fields";

/** What a form says of its draft. */
export interface DraftState {
  /** Whether something that was typed before is in the form, and in which tab; null where it is as the page gave it. */
  restored: "here" | "in another tab" | null;
  /** When the other draft of this form was typed, epoch ms, and in which tab; null where there is none. */
  other: { madeMs: number; typed: "here" | "in another tab" } | null;
  /** Whether what is in the form was saved in another tab. */
  isSavedElsewhere: boolean;
}

export interface FormDraft extends DraftState {
  /** Delete what was typed. */
  drop: () => void;
  /** Put the other draft into the form; what was in it becomes the other. */
  takeOther: () => void;
}

const UNTOUCHED: DraftState = { restored: null, other: null, isSavedElsewhere: false };

/** How often somebody did something: a form that comes back before that was only drawn again. */
let acts = 0;
for (const kind of ["pointerdown", "keydown", "click", "hashchange"]) addEventListener(kind, () => (acts += 1), true);
const leftAt = new Map<string, number>();

/** Keep and restore what is typed into the form `name`. */
export function useFormDraft(form: { current: HTMLFormElement | null }, name: string): FormDraft {
  const [state, setState] = useState(UNTOUCHED);
  const [keeper] = useState(() => new DraftKeeper(setState));
  useLayoutEffect(() => {
    if (form.current !== null) keeper.start(form.current, name);
    return () => keeper.stop();
  }, [keeper, form.current, name]);
  return { ...state, drop: () => keeper.drop(), takeOther: () => keeper.takeOther() };
}

class DraftKeeper {
  #form: HTMLFormElement | null = null;
  #drafted: DraftedForm = { by: "", form: "" };
  /** What is in the form. */
  #draft: Draft | null = null;
  /** The draft of another tab that it was taken from. */
  #taken: Draft | null = null;
  #other: Draft | null = null;
  #state = UNTOUCHED;
  #observer: MutationObserver | null = null;
  #isRestoring = false;
  #endFollowing: () => void = () => undefined;
  readonly #tell: (state: DraftState) => void;

  constructor(tell: (state: DraftState) => void) {
    this.#tell = tell;
  }

  start(form: HTMLFormElement, name: string): void {
    if (this.#form === form) return;
    this.stop();
    this.#form = form;
    this.#drafted = { by: currentAuthor(), form: keyOfForm(form, name) };
    const [own, others] = [loadDraft(this.#drafted), loadDraftOfOthers(this.#drafted)];
    const isOthers = others !== null && (own === null || others.madeMs > own.madeMs);
    this.#draft = isOthers ? others : own;
    this.#taken = isOthers ? others : null;
    form.addEventListener("input", this.#keep, true);
    form.addEventListener("change", this.#keep, true);
    this.#endFollowing = followDraft(this.#drafted, (change) => this.#hear(change));
    this.#offer(isOthers ? own : others, isOthers ? "here" : "in another tab");
    const wasDrawnAgain = !isOthers && leftAt.get(this.#drafted.form) === acts;
    this.#restore(() => (wasDrawnAgain ? undefined : this.#set({ restored: isOthers ? "in another tab" : "here" })));
  }

  stop(): void {
    if (this.#form === null) return;
    this.#form.removeEventListener("input", this.#keep, true);
    this.#form.removeEventListener("change", this.#keep, true);
    leftAt.set(this.#drafted.form, acts);
    this.#endFollowing();
    this.#endRestoring();
    this.#form = null;
  }

  drop(): void {
    this.#endRestoring();
    dropDraft(this.#drafted, this.#taken);
    this.#draft = null;
    this.#taken = null;
    this.#set({ restored: null, isSavedElsewhere: false });
  }

  takeOther(): void {
    const [form, other] = [this.#form, this.#other];
    if (form === null || other === null) return;
    const typed = this.#state.other?.typed ?? "here";
    const before = this.#draft;
    this.#endRestoring();
    this.#isRestoring = true;
    form.reset();
    for (const each of form.elements) each.dispatchEvent(new Event("change", { bubbles: true }));
    this.#isRestoring = false;
    this.#draft = other;
    this.#taken = typed === "in another tab" ? other : null;
    this.#set({ restored: typed, isSavedElsewhere: false });
    this.#offer(before, typed === "here" ? "in another tab" : "here");
    this.#restore(() => undefined);
    saveDraft(this.#drafted, { ...other, madeMs: Date.now() });
  }

  readonly #keep = (event: Event): void => {
    const control = event.target;
    if (this.#isRestoring || this.#form === null || !isDrafted(control)) return;
    // What a person types is newer than what was typed before.
    this.#endRestoring();
    const { [control.name]: known, ...others } = this.#draft?.fields ?? {};
    const typed = typedField(this.#form, control.name, known);
    const fields = isSecret(typed.values) ? others : { ...others, [control.name]: typed };
    this.#draft = { language: currentLanguage(), madeMs: Date.now(), fields };
    saveDraft(this.#drafted, this.#draft);
    if (this.#state.isSavedElsewhere) this.#set({ isSavedElsewhere: false });
  };

  #hear(change: "typed elsewhere" | "saved elsewhere"): void {
    if (change === "saved elsewhere") this.#set({ isSavedElsewhere: true });
    else if (this.#state.other?.typed !== "here") this.#offer(loadDraftOfOthers(this.#drafted), "in another tab");
  }

  /** Offer another draft, unless the form has the same. */
  #offer(other: Draft | null, typed: "here" | "in another tab"): void {
    this.#other = other !== null && fieldsOf(other) !== fieldsOf(this.#draft) ? other : null;
    this.#set({ other: this.#other === null ? null : { madeMs: this.#other.madeMs, typed } });
  }

  /** Put what was typed into its fields, and into those that come later or anew, with a list or with a choice, until the user types. */
  #restore(tell: () => void): void {
    const [form, draft] = [this.#form, this.#draft];
    if (form === null || draft === null) return;
    const done = new WeakSet<Control>();
    const put = (): void => {
      if (this.#isRestoring) return;
      this.#isRestoring = true;
      if (putFields(form, draft, done)) tell();
      this.#isRestoring = false;
    };
    this.#observer = new MutationObserver(put);
    this.#observer.observe(form, { childList: true, subtree: true });
    put();
  }

  #endRestoring(): void {
    this.#observer?.disconnect();
    this.#observer = null;
  }

  #set(change: Partial<DraftState>): void {
    this.#state = { ...this.#state, ...change };
    this.#tell(this.#state);
  }
}
