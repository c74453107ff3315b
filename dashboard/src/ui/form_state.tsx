// State of a form that no field of it has: what was drawn, rows that were added. It is a draft as what is typed into a field is.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface FormStateProps<State> {
  /** Names the state among the fields of its form. */
  name: string;
  /** What a person has made; it can be written as JSON. */
  value: State;
  /** The record that it is made of, such as its version: what was made of another one is not restored. */
  basis?: string;
  /** Called with what was made before, and with the first value where the form is emptied. */
  onRestore: (value: State) => void;
}

export function FormState<State>({ name, value, basis = "", onRestore }: FormStateProps<State>): JSX.Element {
  const area = useRef<HTMLTextAreaElement>(null);
  const first = useRef(value);
  const isFirst = useRef(true);
  const text = JSON.stringify(value);
  useLayoutEffect(() => {
    const wasFirst = isFirst.current;
    isFirst.current = false;
    const kept = area.current;
    // Where nothing was made, or it was emptied, the text is the basis.
    if (wasFirst || kept === null || kept.value === text || (kept.value === basis && text === JSON.stringify(first.current))) return;
    kept.value = text;
    kept.dispatchEvent(new Event("input", { bubbles: true }));
  }, [text]);
  const take = (): void => {
    const kept = area.current?.value ?? basis;
    if (kept === text) return;
    onRestore(kept === basis ? first.current : (JSON.parse(kept) as State));
  };
  return <textarea ref={area} hidden name={name} data-state defaultValue={basis} onChange={take} />;
}
