// Form with labelled fields: checks them in the page's language, shows the API's errors beside the fields, and the state of saving.

import { createContext, type ComponentChildren, type JSX } from "preact";
import { useContext, useRef, useState } from "preact/hooks";
import { clockText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { useFormDraft, type FormDraft } from "./form_drafts";
import { useUniqueId } from "./unique_id";

/** What was entered, by the names of the fields. */
export class FormValues {
  constructor(readonly data: FormData) {}

  /** Return a text without blanks around it. */
  text(name: string): string {
    const value = this.data.get(name);
    return typeof value === "string" ? value.trim() : "";
  }

  /** Return a number; null where the field is empty. */
  number(name: string): number | null {
    const text = this.text(name);
    return text === "" ? null : Number(text);
  }

  checked(name: string): boolean {
    return this.data.has(name);
  }

  /** Return every value of a name, for checkboxes of one group. */
  all(name: string): string[] {
    return this.data.getAll(name).map(String);
  }
}

interface FormState {
  errors: Readonly<Record<string, string>>;
  clear: (name: string) => void;
}

const FormContext = createContext<FormState>({ errors: {}, clear: () => undefined });

export interface FormProps {
  /** Names the form among all of the dashboard: what was typed into it is found by that. */
  name: string;
  children: ComponentChildren;
  /** Called with what was entered once every field is valid. A returned true empties the form; null says that nothing was sent, which
   *  keeps the draft as an error of `write` does. */
  onSubmit: (values: FormValues) => Promise<boolean | null | undefined> | boolean | undefined;
  submit: string;
  /** A `useWrite`: its state of saving and its errors are displayed, and nothing where it is not permitted. */
  write?: { saving: boolean; allowed: boolean; error: string | null; fieldErrors: Readonly<Record<string, string>> };
  onCancel?: () => void;
  class?: string;
}

export function Form({ name, children, onSubmit, submit, write, onCancel, class: className = "stack" }: FormProps): JSX.Element | null {
  const form = useRef<HTMLFormElement>(null);
  const [own, setOwn] = useState<Record<string, string>>({});
  const [cleared, setCleared] = useState<ReadonlySet<string>>(new Set());
  const [running, setRunning] = useState(false);
  const draft = useFormDraft(form, name);
  const latest = useRef(write);
  latest.current = write;
  const saving = running || (write?.saving ?? false);
  const fromApi = Object.fromEntries(Object.entries(write?.fieldErrors ?? {}).filter(([name]) => !cleared.has(name)));
  const errors = { ...fromApi, ...own };
  const clear = (name: string): void => {
    setCleared((names) => new Set(names).add(name));
    setOwn(({ [name]: _, ...others }) => others);
  };
  const handleSubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (form.current === null || saving) return;
    const found = checkFields(form.current);
    setOwn(found);
    setCleared(new Set());
    if (Object.keys(found).length > 0) {
      form.current.querySelector<HTMLElement>(`[name="${Object.keys(found)[0]}"]`)?.focus();
      return;
    }
    setRunning(true);
    try {
      const sent = await onSubmit(new FormValues(new FormData(form.current)));
      const isEmptied = sent === true;
      // What the station answered is drawn first: what it refused is still a draft.
      await new Promise((resolve) => setTimeout(resolve));
      if (isEmptied || (sent !== null && !latest.current?.error)) draft.drop();
      if (isEmptied) form.current?.reset();
    } finally {
      setRunning(false);
    }
  };
  const startAnew = (): void => {
    draft.drop();
    form.current?.reset();
    for (const each of form.current?.elements ?? []) each.dispatchEvent(new Event("change", { bubbles: true }));
    draft.drop();
  };
  if (write?.allowed === false) return null;
  // An error of a field that this form does not have is told as a whole.
  const placed = Object.keys(errors).some((name) => form.current?.elements.namedItem(name));
  return (
    <FormContext.Provider value={{ errors, clear }}>
      <form ref={form} class={className} noValidate onSubmit={(event) => void handleSubmit(event)}>
        <DraftNotes draft={draft} startAnew={startAnew} />
        {children}
        {write?.error && !saving && !(placed && Object.keys(own).length > 0) ? (
          <p class="error" role="alert">
            {write.error}
          </p>
        ) : null}
        <div class="buttons">
          <button type="submit" class="primary" disabled={saving}>
            {saving ? translate("saving") : submit}
          </button>
          {onCancel ? (
            <button
              type="button"
              class="secondary"
              onClick={() => {
                draft.drop();
                onCancel();
              }}
            >
              {translate("cancel")}
            </button>
          ) : null}
        </div>
      </form>
    </FormContext.Provider>
  );
}

/** What a form says of its draft: that it is there again, and that another tab has another one. */
function DraftNotes({ draft, startAnew }: { draft: FormDraft; startAnew: () => void }): JSX.Element {
  const { restored, other, isSavedElsewhere } = draft;
  return (
    <>
      {isSavedElsewhere ? (
        <p class="note" role="status" data-draft-note="saved">
          {translate("form_saved_elsewhere")}
        </p>
      ) : null}
      {restored === null ? null : (
        <p class="note" role="status" data-restored={restored}>
          {translate(restored === "here" ? "form_restored" : "form_restored_other")}{" "}
          <button type="button" class="plain" onClick={startAnew}>
            {translate("form_anew")}
          </button>
        </p>
      )}
      {other === null ? null : (
        <p class="note" role="status" data-draft-note="other">
          {translate(other.typed === "here" ? "form_own_too" : "form_other_too", { time: clockText(other.madeMs) })}{" "}
          <button type="button" class="plain" onClick={draft.takeOther}>
            {translate("form_take_other")}
          </button>
        </p>
      )}
    </>
  );
}

export interface LabelProps {
  name: string;
  label: string;
  required?: boolean | undefined;
  hint?: ComponentChildren;
  /** What stands behind the control, such as a unit. */
  unit?: string | undefined;
}

interface ControlAttributes {
  id: string;
  name: string;
  required: boolean;
  "aria-invalid"?: "true";
  "aria-describedby"?: string;
  onInput: () => void;
}

/** Return a field's error, and what its control needs to be labelled and described. */
export function useField({ name, required, hint }: LabelProps): {
  control: ControlAttributes;
  error: string | undefined;
  ids: { hint: string; error: string };
} {
  const id = useUniqueId();
  const { errors, clear } = useContext(FormContext);
  const error = errors[name];
  const ids = { hint: `${id}-hint`, error: `${id}-error` };
  const described = [error ? ids.error : "", hint ? ids.hint : ""].filter(Boolean).join(" ");
  return {
    control: {
      id,
      name,
      required: required ?? false,
      ...(error ? { "aria-invalid": "true" as const } : {}),
      ...(described ? { "aria-describedby": described } : {}),
      onInput: () => (error ? clear(name) : undefined),
    },
    error,
    ids,
  };
}

/** Return the errors of a form's fields by name, in the language of the page. */
function checkFields(form: HTMLFormElement): Record<string, string> {
  const found: Record<string, string> = {};
  for (const element of form.elements) {
    if (!(element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement)) continue;
    if (element.name !== "" && !element.disabled) {
      const text = errorOf(element);
      if (text !== null) found[element.name] ??= text;
    }
  }
  return found;
}

function errorOf(element: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement): string | null {
  const { validity } = element;
  if (validity.badInput) return translate("field_number");
  // Blanks alone are no text.
  if (validity.valueMissing || (element.required && element.value.trim() === "")) return translate("field_required");
  if (validity.rangeUnderflow && element instanceof HTMLInputElement) return translate("field_min", { limit: element.min });
  if (validity.rangeOverflow && element instanceof HTMLInputElement) return translate("field_max", { limit: element.max });
  if (validity.tooLong && "maxLength" in element) return translate("field_long", { limit: element.maxLength });
  return validity.valid ? null : translate("field_invalid");
}
