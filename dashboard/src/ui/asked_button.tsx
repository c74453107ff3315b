// Button for what is done after a question, such as a deletion; what the station says against it is beside the button.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { ErrorText } from "./error_text";
import { confirm } from "./overlays";

export interface AskedButtonProps {
  text: string;
  /** What the button does and to what, where its text alone does not say it. */
  label?: string;
  danger?: boolean;
  question: { title: string; text: string; action: string };
  /** The `useWrite` of it: the button is displayed to whom that is permitted. */
  write: { saving: boolean; allowed: boolean; error: string | null };
  /** Called once the user agreed. */
  run: () => Promise<unknown>;
}

export function AskedButton({ text, label, danger = false, question, write, run }: AskedButtonProps): JSX.Element | null {
  // While the question is open a list may arrive with a newer version of the record.
  const latest = useRef(run);
  latest.current = run;
  const ask = async (): Promise<void> => {
    if (await confirm(question)) await latest.current();
  };
  if (!write.allowed) return null;
  return (
    <>
      <button
        type="button"
        class={danger ? "plain danger" : "plain"}
        disabled={write.saving}
        {...(label === undefined ? {} : { "aria-label": label })}
        onClick={() => void ask()}
      >
        {text}
      </button>
      <ErrorText error={write.error} inline />
    </>
  );
}
