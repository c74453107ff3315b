// How many records of a list are asked for, and the button that asks for older ones.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { translate } from "../i18n/translate";

const STEP = 100;
const MOST = 1000;

export function useOlder(): { limit: number; older: (next: unknown, busy: boolean) => JSX.Element | null } {
  const [limit, setLimit] = useState(STEP);
  const older = (next: unknown, busy: boolean): JSX.Element | null =>
    next !== null && limit < MOST ? (
      <button type="button" class="secondary" disabled={busy} onClick={() => setLimit(Math.min(MOST, limit + STEP))}>
        {translate("show_older")}
      </button>
    ) : null;
  return { limit, older };
}
