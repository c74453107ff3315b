// A labelled list to choose from, outside of a form: what is chosen applies at once.

import type { JSX } from "preact";
import { translate } from "../i18n/translate";
import { useUniqueId } from "./unique_id";

interface ChoiceProps<Value extends string> {
  label: string;
  value: string | null | undefined;
  options: readonly { value: Value; text: string }[];
  /** The text of no choice, which is given as "". Without it, one is asked for while nothing is chosen. */
  none?: string;
  onChoose: (value: Value) => void;
}

export function Choice<Value extends string>({ label, value, options, none, onChoose }: ChoiceProps<Value>): JSX.Element {
  const id = useUniqueId();
  const empty = none ?? (options.some((option) => option.value === value) ? undefined : translate("choose"));
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      <select id={id} onChange={(event) => onChoose(event.currentTarget.value as Value)}>
        {empty === undefined ? null : <option value="">{empty}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
}
