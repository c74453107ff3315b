// What a run of statements would charge: each flight of the period with its charge, or why it is not charged.

import "../i18n/cooperative";
import type { JSX } from "preact";
import type { components } from "../api/schema";
import { useApiList } from "../api/query";
import { Simulated } from "../components/simulated";
import { dateTimeText } from "../i18n/instants";
import { areaText } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import { yuanText } from "./money";

export type Preview = components["schemas"]["RunPreview"];
type Work = Preview["works"][number];

export function RunPreview({ preview }: { preview: Preview }): JSX.Element {
  const fields = useApiList("/v1/fields", {});
  const names = new Map((fields.data ?? []).map(({ id, name }) => [id, name]));
  const columns: Column<Work>[] = [
    {
      key: "time",
      head: translate("coop_flight"),
      cell: (work) => (
        <>
          {dateTimeText(work.start_ms)} {work.simulated ? <Simulated /> : null}
        </>
      ),
      sortBy: (work) => work.start_ms,
    },
    { key: "field", head: translate("coop_dispute_field"), cell: (work) => names.get(work.field) ?? "—" },
    {
      key: "charge",
      head: translate("coop_charged"),
      number: true,
      cell: (work) => (work.charged ? yuanText(work.charged_fen ?? 0) : "—"),
      sortBy: (work) => (work.charged ? (work.charged_fen ?? 0) : -1),
    },
    { key: "area", head: translate("coop_area"), number: true, cell: (work) => (work.charged ? areaText(work.area_m2 ?? 0) : "—") },
    { key: "why", head: translate("coop_reason"), cell: remarkOf },
  ];
  return (
    <div class="stack" data-part="preview">
      <p role="status">
        {translate("coop_preview", {
          flights: preview.flights,
          charged: preview.charged,
          not_charged: preview.not_charged,
          amount: yuanText(preview.charged_fen),
        })}
      </p>
      {preview.simulated_fen > 0 ? (
        <p class="note">{translate("coop_preview_simulated", { amount: yuanText(preview.simulated_fen) })}</p>
      ) : null}
      {preview.unheld_fen > 0 ? <p class="note">{translate("coop_preview_unheld", { amount: yuanText(preview.unheld_fen) })}</p> : null}
      <Table
        name={translate("coop_preview_flights")}
        rows={preview.works}
        columns={columns}
        keyOf={(work) => `${work.pass_id} ${work.field}`}
        sorted={{ key: "charge" }}
        empty={<p class="note">{translate("coop_preview_none")}</p>}
      />
    </div>
  );
}

/** Why a flight is not charged; of a charged one what is to be known before the bill is made. */
function remarkOf(work: Work): string {
  if (!work.charged) return term("not_charged", work.reason ?? "");
  const remarks = [
    ...(work.registered ? [] : [translate("coop_unregistered")]),
    ...((work.unheld_fen ?? 0) > 0 ? [translate("coop_nobody")] : []),
    ...((work.repeated_m2 ?? 0) > 0 ? [translate("coop_repeated", { area: areaText(work.repeated_m2 ?? 0) })] : []),
  ];
  return remarks.join(" · ");
}
