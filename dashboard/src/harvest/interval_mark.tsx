// Mark of a lot in a table: harvested within an interval, or an interval is not known.

import "../i18n/harvest";
import type { JSX } from "preact";
import { translate } from "../i18n/translate";
import type { LotItem } from "./records";

/** Says of a lot in a table that it was harvested within an interval, or that an interval is not known. */
export function IntervalMark({ state }: { state: LotItem["interval_state"] }): JSX.Element | null {
  if (state === "no_breach") return null;
  return state === "breached" ? (
    <strong class="error" data-interval={state}>
      {" "}
      {translate("harvest_breached")}
    </strong>
  ) : (
    <span class="note" data-interval={state}>
      {" "}
      {translate("harvest_not_known")}
    </span>
  );
}
