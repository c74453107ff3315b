// Labelled number outside of a form, that says what was entered once it is valid.

import type { JSX } from "preact";
import { useUniqueId } from "./unique_id";

interface NumberChoiceProps {
  label: string;
  min: number;
  max: number;
  step: number;
  hint?: string;
  /** Called with null for an empty field. */
  onNumber: (value: number | null) => void;
}

export function NumberChoice({ label, hint, onNumber, ...range }: NumberChoiceProps): JSX.Element {
  const id = useUniqueId();
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        {...range}
        inputMode="decimal"
        onChange={(event) => {
          const { value, validity } = event.currentTarget;
          if (validity.valid) onNumber(value === "" ? null : Number(value));
        }}
      />
      {hint === undefined ? null : <small class="note">{hint}</small>}
    </div>
  );
}
