// Marks of states, each with a shape of its own beside its word, and the signs of the facts.

import type { JSX } from "preact";
import type { TextKey } from "../i18n/translate";
import "../i18n/today";
import type { StateName } from "./records";

export const STATE_TEXT: Record<StateName, TextKey> = {
  act: "today_state_act",
  watch: "today_state_watch",
  calm: "today_state_calm",
  unknown: "today_state_unknown",
  silent: "today_state_silent",
  flying: "today_state_flying",
  interrupted: "today_state_interrupted",
  recalled: "today_state_recalled",
};

/** States in which something is to be done at once. */
export const URGENT: ReadonlySet<StateName> = new Set(["act", "recalled", "interrupted"]);

export function StateMark({ state }: { state: StateName }): JSX.Element {
  return (
    <svg class="state-mark" viewBox="0 0 20 20" aria-hidden="true">
      {SHAPES[state]}
    </svg>
  );
}

const SHAPES: Record<StateName, JSX.Element> = {
  act: (
    <>
      <circle class="solid" cx="10" cy="10" r="9" />
      <path class="inverse" d="M10 5v6" />
      <circle class="inverse-dot" cx="10" cy="14.5" r="1.3" />
    </>
  ),
  recalled: (
    <>
      <path class="solid" d="M6.3 1h7.4L19 6.3v7.4L13.7 19H6.3L1 13.7V6.3z" />
      <path class="inverse" d="M6.8 6.8l6.4 6.4M13.2 6.8l-6.4 6.4" />
    </>
  ),
  watch: <path d="M10 2.5 18 17H2zM10 8.2v4M10 14.6h.01" />,
  calm: <path d="M6.3 10.4l2.6 2.6 4.9-5.4M10 2a8 8 0 1 0 0 16 8 8 0 0 0 0-16z" />,
  unknown: (
    <>
      <circle cx="10" cy="10" r="8" stroke-dasharray="3 3.3" />
      <path d="M6.6 10h.01M10 10h.01M13.4 10h.01" />
    </>
  ),
  silent: <path d="M4.5 7.5a8 8 0 0 1 11 0M7 10.5a4.4 4.4 0 0 1 6 0M10 14.2h.01M3 17 17 3" />,
  flying: (
    <>
      <circle cx="10" cy="10" r="8" stroke-dasharray="2.5 2.5" />
      <path d="M6 10h8M11 7l3 3-3 3" />
    </>
  ),
  interrupted: (
    <>
      <circle cx="10" cy="10" r="8" />
      <path class="solid" d="M10 2a8 8 0 0 1 0 16z" />
    </>
  ),
};

export type FactSign = "person" | "phone" | "data" | "silent";

export function Sign({ name }: { name: FactSign }): JSX.Element {
  return (
    <svg class="fact-sign" viewBox="0 0 24 24" aria-hidden="true">
      <path d={SIGNS[name]} />
    </svg>
  );
}

const SIGNS: Record<FactSign, string> = {
  person: "M12 11.5a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4zM5 20c.8-4 3.5-6 7-6s6.2 2 7 6",
  phone: "M8 3h8v18H8zM11 18h2",
  data: "M4 12.5 9.5 18 20 6.5",
  silent: "M5.5 9a9.5 9.5 0 0 1 13 0M8.5 12.6a5.2 5.2 0 0 1 7 0M12 17h.01M4 20 20 4",
};
