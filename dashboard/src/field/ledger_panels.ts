// Panels that are loaded on request: settlement, nutrients and the ledger.

import "../i18n/field";
import { askAuthors } from "../api/authors";
import { api, cursorQuery, listAll } from "../api/client";
import { LastChoice } from "../api/last_choice";
import { may } from "../api/may";
import { errorText, request, requestResponse } from "../api/request";
import { make, setText } from "../components/dom";
import { fileButton } from "../components/file_button";
import { captionedTable, fact, labelled } from "../components/parts";
import { Progress } from "../components/progress";
import { dateTimeText } from "../i18n/instants";
import { areaText, areaUnitsPerHa, numberText, reasonText, shareText, toAreaUnit, withUnit } from "../i18n/numbers";
import { authorText, term, translate } from "../i18n/translate";
import type { Elements, MapSettings, NutrientsAnswer } from "./records";

const TIMEOUT_MS = 120_000;
const NUTRIENTS_TIMEOUT_MS = 300_000;
const HASH_LETTERS = 12;

export async function loadSettlement(pass: string, settings: MapSettings, signal: AbortSignal): Promise<Node[]> {
  const path = `/v1/passes/${encodeURIComponent(pass)}/settlement`;
  const query = { ...settings };
  const response = await requestResponse(path, { signal, query, headers: { Accept: "text/csv" }, timeoutMs: TIMEOUT_MS });
  const [heads = [], ...rows] = readCsv(await response.text());
  const cell = (row: string[], name: string): string => row[heads.indexOf(name)] ?? "";
  const amount = heads.find((head) => head.startsWith("applied_")) ?? "applied_kg";
  const unit = amount === "applied_l" ? "L" : "kg";
  return [
    captionedTable(
      translate("field_settlement"),
      [
        translate("field_owner"),
        translate("field_name"),
        translate("field_product"),
        translate("field_treated"),
        translate("field_plot_amount"),
      ],
      rows.map((row) => [
        cell(row, "owner") || "—",
        cell(row, "field"),
        cell(row, "product") || "—",
        areaText(Number(cell(row, "treated_ha")) * 10_000),
        withUnit(Number(cell(row, amount)), unit, 2),
      ]),
    ),
    make("p", { class: "note" }, translate("field_settlement_is")),
    fileButton(translate("field_csv"), path, `settlement-${pass}.csv`, { query }),
  ];
}

export async function loadNutrients(field: string, swathM: () => number | undefined, signal: AbortSignal): Promise<Node[]> {
  const [seasons, products] = await Promise.all([
    listAll((cursor) => api.GET("/v1/seasons", { params: { query: { field, ...cursorQuery(cursor) } }, signal })),
    listAll((cursor) => api.GET("/v1/products", { params: { query: cursorQuery(cursor) }, signal })),
  ]);
  const productName = (id: string): string => products.find((product) => product.id === id)?.name ?? translate("unknown");
  const season = make(
    "select",
    { id: "nutrient-season" },
    make("option", { value: "" }, translate("field_season_recent")),
    ...seasons.map(({ id, name }) => make("option", { value: id }, name)),
  );
  const cropYield = make("input", { id: "nutrient-yield", type: "number", min: 0, max: 100_000, step: "any", inputmode: "decimal" });
  const grainNitrogen = make("input", { id: "nutrient-grain", type: "number", min: 0, max: 20, step: "any", inputmode: "decimal" });
  const [place, progress] = [make("div"), new Progress()];
  const last = new LastChoice(signal);
  const load = async (): Promise<void> => {
    const yieldKgHa = cropYield.value === "" ? null : Number(cropYield.value) * areaUnitsPerHa();
    const query = { season: season.value || null, yield_kg_ha: yieldKgHa, grain_n_pct: grainNitrogen.value || null, swath_m: swathM() };
    const nutrients = await progress.run(() =>
      last.run((choice) =>
        request<NutrientsAnswer>(`/v1/fields/${encodeURIComponent(field)}/nutrients`, {
          signal: choice.signal,
          timeoutMs: NUTRIENTS_TIMEOUT_MS,
          query,
        }),
      ),
    );
    if (nutrients !== null) place.replaceChildren(...nutrientTables(nutrients, productName));
  };
  season.addEventListener("change", () => void load());
  await load();
  return [
    make(
      "form",
      {
        class: "choices-row",
        onsubmit: (event: Event) => {
          event.preventDefault();
          void load();
        },
      },
      labelled(season, translate("field_season")),
      labelled(cropYield, translate("field_yield", { unit: toAreaUnit(1, "kg/ha").unit })),
      labelled(grainNitrogen, translate("field_grain_n")),
      make("button", { type: "submit", class: "secondary" }, translate("calculate")),
    ),
    progress.element,
    place,
  ];
}

function nutrientTables(nutrients: NutrientsAnswer, productName: (id: string) => string): Node[] {
  const elementCells = (elements: Elements | null, reason: string | null): string[] =>
    elements === null
      ? [reasonText(reason), "", ""]
      : [elements.n, elements.p2o5, elements.k2o].map((value) => withUnit(value, "kg/ha", 1));
  const rows = nutrients.passes.map((pass) => [
    dateTimeText(pass.start_ms),
    pass.product === null ? "—" : productName(pass.product),
    ...elementCells(pass.kg_ha, pass.reason),
  ]);
  const { balance } = nutrients;
  return [
    captionedTable(
      translate("field_nutrients"),
      [translate("field_pass"), translate("field_product"), "N", "P₂O₅", "K₂O"],
      [...rows, [translate("field_total"), "", ...elementCells(nutrients.total_kg_ha, nutrients.reason)]],
    ),
    ...(balance === null
      ? []
      : [
          make(
            "div",
            { class: "answers" },
            fact(translate("field_balance_input"), withUnit(balance.input_kg_ha, "kg/ha")),
            fact(translate("field_balance_output"), withUnit(balance.output_kg_ha, "kg/ha")),
            fact(translate("field_balance_surplus"), withUnit(balance.surplus_kg_ha, "kg/ha")),
            fact(translate("field_balance_nue"), shareText(balance.nue)),
            make("p", { class: "note" }, translate("field_balance", { verdict: term("balance_verdicts", balance.verdict) })),
          ),
        ]),
  ];
}

export async function loadLedger(field: string, pass: string | null, settings: () => MapSettings, signal: AbortSignal): Promise<Node[]> {
  const place = make("div");
  const status = make("p", { role: "status", class: "note" });
  const progress = new Progress();
  const load = async (): Promise<void> => {
    const entries = await listAll((cursor) => api.GET("/v1/ledger", { params: { query: { field, ...cursorQuery(cursor) } }, signal }));
    await askAuthors(entries.map(({ who }) => who));
    place.replaceChildren(
      entries.length === 0
        ? make("p", { class: "note" }, translate("field_ledger_empty"))
        : captionedTable(
            translate("field_ledger"),
            [
              "#",
              translate("time"),
              translate("field_ledger_entry"),
              translate("field_ledger_author"),
              "SHA-256",
              translate("field_ledger_content"),
            ],
            entries.map((entry) => [
              String(entry.seq),
              dateTimeText(entry.time_ms),
              term("ledger_entries", entry.kind),
              authorText(entry.who),
              make("code", { title: entry.hash }, `${entry.hash.slice(0, HASH_LETTERS)}…`),
              make("details", {}, make("summary", {}, "JSON"), make("pre", { class: "entry", tabindex: 0 }, indented(entry.body))),
            ]),
          ),
    );
  };
  const check = async (): Promise<void> => {
    const result = await request<{ entries: number; whole: boolean; broken_at: number | null; hash: string }>("/v1/ledger/check", {
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    setText(
      status,
      result.whole
        ? translate("field_ledger_intact", { n: numberText(result.entries, 0), hash: result.hash.slice(0, HASH_LETTERS) || "—" })
        : translate("field_ledger_broken", { seq: result.broken_at ?? "?" }),
    );
  };
  const close = async (): Promise<void> => {
    await request(`/v1/passes/${encodeURIComponent(pass ?? "")}/close`, {
      method: "POST",
      timeoutMs: TIMEOUT_MS,
      query: { ...settings() },
    });
    setText(status, translate("field_ledger_written"));
    await load();
  };
  const run = (task: () => Promise<void>) => (): void =>
    void progress.run(task).catch((error: unknown) => setText(status, errorText(error) ?? ""));
  await load();
  return [
    place,
    make(
      "div",
      { class: "choices-row" },
      make("button", { type: "button", class: "secondary", "data-act": "check", onclick: run(check) }, translate("field_ledger_check")),
      pass === null || !may("post", "/v1/passes/{pass_id}/close")
        ? null
        : make("button", { type: "button", class: "secondary", "data-act": "close", onclick: run(close) }, translate("field_ledger_close")),
    ),
    progress.element,
    status,
  ];
}

function indented(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 1);
  } catch {
    return body;
  }
}

/** Return the rows of a CSV (RFC 4180). */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let [cell, quoted] = ["", false];
  const endCell = (): void => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index] as string;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ",") endCell();
    else if (character === "\n") {
      endCell();
      rows.push([]);
    } else if (character !== "\r") cell += character;
  }
  if (cell !== "" || (rows.at(-1)?.length ?? 0) > 0) endCell();
  else rows.pop();
  return rows;
}
