// How many records of a list are asked for, and the button that asks for older ones; on paper a line says that there are some.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { translate } from "../i18n/translate";
import { printing } from "./printing";

const STEP = 100;
const MOST = 1000;

export function useOlder(): { limit: number; older: (next: unknown, busy: boolean) => JSX.Element | null } {
  const [limit, setLimit] = useState(STEP);
  const older = (next: unknown, busy: boolean): JSX.Element | null => {
    if (next === null) return null;
    if (printing.value) return <p class="note">{translate("print_older")}</p>;
    if (limit >= MOST) return null;
    return (
      <button type="button" class="secondary" disabled={busy} onClick={() => setLimit(Math.min(MOST, limit + STEP))}>
        {translate("show_older")}
      </button>
    );
  };
  return { limit, older };
}
