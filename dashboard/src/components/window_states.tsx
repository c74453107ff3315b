// States of an hour for work on a field: their text, and the key of their colours.

import "../i18n/answers";
import type { JSX } from "preact";
import { translate, type TextKey } from "../i18n/translate";

const STATES = ["go", "caution", "stop", "insufficient_data"] as const;

export function stateText(state: string): string {
  return translate(`answers_window_${state}` as TextKey);
}

export function StateKeys(): JSX.Element {
  return (
    <ul class="keys">
      {STATES.map((each) => (
        <li key={each}>
          <span class="key state" data-state={each} aria-hidden="true" />
          {stateText(each)}
        </li>
      ))}
    </ul>
  );
}
