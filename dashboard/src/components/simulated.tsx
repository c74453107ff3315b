// Mark of what a simulator made, in lists.

import type { JSX } from "preact";
import { translate } from "../i18n/translate";

export function Simulated(): JSX.Element {
  return (
    <span class="badge" data-simulated title={translate("simulated_hint")}>
      {translate("simulated")}
    </span>
  );
}
