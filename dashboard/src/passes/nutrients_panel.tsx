// Nutrients of a field by pass, and their balance in a season.

import "../i18n/field";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, cursorQuery, listAll } from "../api/client";
import { request } from "../api/request";
import type { Elements, NutrientsAnswer } from "../field/records";
import { dateTimeText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { areaUnitsPerHa, reasonText, shareText, toAreaUnit, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { CaptionedTable, Fact, useAsked } from "./parts";

const TIMEOUT_MS = 300_000;

interface NutrientsProps {
  field: string;
  swathM: () => number | undefined;
  onFail: () => void;
}

export function Nutrients({ field, swathM, onFail }: NutrientsProps): JSX.Element {
  const [season, setSeason] = useState("");
  const [cropYield, setCropYield] = useState("");
  const [grainNitrogen, setGrainNitrogen] = useState("");
  const names = useAsked(
    async (signal) =>
      Promise.all([
        listAll((cursor) => api.GET("/v1/seasons", { params: { query: { field, ...cursorQuery(cursor) } }, signal })),
        listAll((cursor) => api.GET("/v1/products", { params: { query: cursorQuery(cursor) }, signal })),
      ]),
    [],
    onFail,
  );
  const { answer, progress, again } = useAsked(
    async (signal) => {
      const query = {
        season: season || null,
        yield_kg_ha: cropYield === "" ? null : Number(cropYield) * areaUnitsPerHa(),
        grain_n_pct: grainNitrogen || null,
        swath_m: swathM(),
      };
      return request<NutrientsAnswer>(`/v1/fields/${encodeURIComponent(field)}/nutrients`, { signal, timeoutMs: TIMEOUT_MS, query });
    },
    [season],
    onFail,
  );
  const [seasons, products] = names.answer ?? [[], []];
  const number = { type: "number", min: 0, step: "any", inputMode: "decimal" } as const;
  return (
    <>
      <form
        class="choices-row"
        onSubmit={(event) => {
          event.preventDefault();
          void again();
        }}
      >
        <div class="labelled">
          <label for="nutrient-season">{translate("field_season")}</label>
          <select id="nutrient-season" value={season} onChange={(event) => setSeason(event.currentTarget.value)}>
            <option value="">{translate("field_season_recent")}</option>
            {seasons.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </div>
        <div class="labelled">
          <label for="nutrient-yield">{translate("field_yield", { unit: toAreaUnit(1, "kg/ha").unit })}</label>
          <input
            id="nutrient-yield"
            {...number}
            max={100_000}
            value={cropYield}
            onInput={(event) => setCropYield(event.currentTarget.value)}
          />
        </div>
        <div class="labelled">
          <label for="nutrient-grain">{translate("field_grain_n")}</label>
          <input
            id="nutrient-grain"
            {...number}
            max={20}
            value={grainNitrogen}
            onInput={(event) => setGrainNitrogen(event.currentTarget.value)}
          />
        </div>
        <button type="submit" class="secondary">
          {translate("calculate")}
        </button>
      </form>
      {names.progress}
      {progress}
      {answer === null ? null : (
        <NutrientTables nutrients={answer} productName={(id) => products.find((each) => each.id === id)?.name ?? translate("unknown")} />
      )}
    </>
  );
}

function NutrientTables({ nutrients, productName }: { nutrients: NutrientsAnswer; productName: (id: string) => string }): JSX.Element {
  const elementCells = (elements: Elements | null, reason: string | null): string[] =>
    elements === null
      ? [reasonText(reason), "", ""]
      : [elements.n, elements.p2o5, elements.k2o].map((value) => withUnit(value, "kg/ha", 1));
  const rows = nutrients.passes.map((pass) => [
    dateTimeText(pass.start_ms),
    pass.product === null ? "—" : productName(pass.product),
    ...elementCells(pass.kg_ha, pass.reason),
  ]);
  const { balance, total_kg_ha: total, known_kg_ha: known, unknown } = nutrients;
  // While an amount is unknown the sum of the others is the least that was applied.
  const sum =
    total === null && known !== null
      ? [translate("field_nutrients_known"), "", ...elementCells(known, null)]
      : [translate("field_total"), "", ...elementCells(total, nutrients.reason)];
  const missing = unknown.map(({ start_ms, reason }) => `${dateTimeText(start_ms)}: ${reasonText(reason)}`);
  return (
    <>
      <CaptionedTable
        caption={translate("field_nutrients")}
        heads={[translate("field_pass"), translate("field_product"), "N", "P₂O₅", "K₂O"]}
        rows={[...rows, sum]}
      />
      {missing.length === 0 ? null : (
        <p class="note" data-missing>
          {translate("field_nutrients_missing", { passes: missing.join(currentLanguage() === "en" ? "; " : "；") })}
        </p>
      )}
      {balance === null ? null : (
        <div class="answers">
          <Fact name={translate("field_balance_input")}>{withUnit(balance.input_kg_ha, "kg/ha")}</Fact>
          <Fact name={translate("field_balance_output")}>{withUnit(balance.output_kg_ha, "kg/ha")}</Fact>
          <Fact name={translate("field_balance_surplus")}>{withUnit(balance.surplus_kg_ha, "kg/ha")}</Fact>
          <Fact name={translate("field_balance_nue")}>{shareText(balance.nue)}</Fact>
          <p class="note">{translate("field_balance", { verdict: term("balance_verdicts", balance.verdict) })}</p>
        </div>
      )}
    </>
  );
}
