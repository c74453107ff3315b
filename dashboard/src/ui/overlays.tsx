// What is displayed above the page: short messages (`showToast`) and questions (`confirm`).

import { signal } from "@preact/signals";
import { render, type JSX } from "preact";
import { Dialog } from "./dialog";
import { translate } from "../i18n/translate";

const SHOWN_MS = 6000;

interface Toast {
  id: number;
  text: string;
  /** An error stays until it is closed. */
  error: boolean;
  action?: { text: string; run: () => void } | undefined;
}

interface Question {
  title: string;
  text: string;
  action: string;
  answer: (agreed: boolean) => void;
}

const toasts = signal<readonly Toast[]>([]);
const question = signal<Question | null>(null);
let lastId = 0;

/** Say something for a few seconds, such as `showToast(translate("saved"))`; an action can be offered with it, such as undo. */
export function showToast(text: string, options: { error?: boolean; action?: Toast["action"] } = {}): void {
  lastId += 1;
  const id = lastId;
  toasts.value = [...toasts.value.slice(-3), { id, text, error: options.error ?? false, action: options.action }];
  if (!options.error) setTimeout(() => closeToast(id), SHOWN_MS);
}

/** Say that something was saved; return whether it was, which the null of a failed `Write` is not. */
export function noteSaved(answer: unknown, text = translate("saved")): boolean {
  if (answer === null) return false;
  showToast(text);
  return true;
}

/** Ask before something that cannot be undone. Returns whether the user agreed. */
export function confirm(asked: { title: string; text: string; action: string }): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...asked,
      answer: (agreed) => {
        question.value = null;
        resolve(agreed);
      },
    };
  });
}

/** Display messages and questions in `place`, above every page. */
export function mountOverlays(place: HTMLElement): void {
  render(<Overlays />, place);
}

function closeToast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

function Overlays(): JSX.Element {
  const asked = question.value;
  return (
    <>
      <div class="toasts" role="status" aria-live="polite">
        {toasts.value.map((toast) => (
          <div key={toast.id} class={toast.error ? "toast failed" : "toast"}>
            <span>{toast.text}</span>
            {toast.action ? (
              <button
                type="button"
                class="plain"
                onClick={() => {
                  toast.action?.run();
                  closeToast(toast.id);
                }}
              >
                {toast.action.text}
              </button>
            ) : null}
            <button type="button" class="plain" aria-label={translate("close")} onClick={() => closeToast(toast.id)}>
              ×
            </button>
          </div>
        ))}
      </div>
      {asked === null ? null : (
        <Dialog title={asked.title} onClose={() => asked.answer(false)}>
          <p>{asked.text}</p>
          <div class="buttons">
            <button type="button" class="primary" onClick={() => asked.answer(true)}>
              {asked.action}
            </button>
            <button type="button" class="secondary" onClick={() => asked.answer(false)}>
              {translate("cancel")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
