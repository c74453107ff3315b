// Cards of records that are in use, and of deactivated ones in a fold below.

import type { JSX } from "preact";
import { inUse } from "../api/registry";
import { translate } from "../i18n/translate";

interface Activatable {
  active?: boolean;
}

export function InUseCards<R extends Activatable>({
  records,
  card,
}: {
  records: readonly R[];
  card: (record: R) => JSX.Element;
}): JSX.Element {
  const used = inUse(records);
  const others = records.filter((record) => !used.includes(record));
  return (
    <>
      <div class="cards">{used.map(card)}</div>
      {others.length === 0 ? null : (
        <details class="fold" data-fold="deactivated">
          <summary>{translate("deactivated_count", { count: others.length })}</summary>
          <div class="cards">{others.map(card)}</div>
        </details>
      )}
    </>
  );
}

/** The mark of a deactivated record. */
export function Inactive({ record }: { record: Activatable }): JSX.Element | null {
  return record.active === false ? <span class="badge">{translate("deactivated")}</span> : null;
}
