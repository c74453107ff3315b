// Settlement of a pass: the treated ground and the amount of each plot.

import "../i18n/field";
import type { JSX } from "preact";
import { requestResponse } from "../api/request";
import { FileButton } from "../components/file_button";
import type { MapSettings } from "../field/records";
import { areaText, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { readCsv } from "./csv_rows";
import { CaptionedTable, useAsked } from "./parts";

const TIMEOUT_MS = 120_000;

export function Settlement({ pass, settings, onFail }: { pass: string; settings: MapSettings; onFail: () => void }): JSX.Element {
  const path = `/v1/passes/${encodeURIComponent(pass)}/settlement`;
  const query = { ...settings };
  const { answer, progress } = useAsked(
    async (signal) =>
      readCsv(await (await requestResponse(path, { signal, query, headers: { Accept: "text/csv" }, timeoutMs: TIMEOUT_MS })).text()),
    [],
    onFail,
  );
  if (answer === null) return progress;
  const [heads = [], ...rows] = answer;
  const cell = (row: string[], name: string): string => row[heads.indexOf(name)] ?? "";
  const amount = heads.find((head) => head.startsWith("applied_")) ?? "applied_kg";
  const unit = amount === "applied_l" ? "L" : "kg";
  return (
    <>
      <CaptionedTable
        caption={translate("field_settlement")}
        heads={[
          translate("field_owner"),
          translate("field_name"),
          translate("field_product"),
          translate("field_treated"),
          translate("field_plot_amount"),
        ]}
        rows={rows.map((row) => [
          cell(row, "owner") || "—",
          cell(row, "field"),
          cell(row, "product") || "—",
          areaText(Number(cell(row, "treated_ha")) * 10_000),
          withUnit(Number(cell(row, amount)), unit, 2),
        ])}
      />
      <p class="note">{translate("field_settlement_is")}</p>
      <FileButton text={translate("field_csv")} path={path} name={`settlement-${pass}.csv`} options={{ query }} />
    </>
  );
}
