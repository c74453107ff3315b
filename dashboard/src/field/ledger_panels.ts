// What follows from passes: whose they were, what nutrients they brought, and the ledger.

import { all, api, at } from "../api/client";
import { ask, askResponse, sentenceOf } from "../api/request";
import { make, setText } from "../components/dom";
import { fileButton } from "../components/file_button";
import { Progress } from "../components/progress";
import { dateTimeText } from "../i18n/instants";
import { groundText, numberText, shareText, withUnit } from "../i18n/numbers";
import { word, wordOf } from "../i18n/translate";
import { plain, table } from "./pass_panels";
import type { Elements, NutrientsAnswer } from "./records";

/** A part of the page that is asked for when somebody opens it. */
export function folded(title: string, panel: string, load: () => Promise<Node[]>): HTMLDetailsElement {
  const [place, progress] = [make("div", { class: "fold-place" }), new Progress()];
  const details = make("details", { class: "card fold", "data-panel": panel }, make("summary", {}, make("h2", {}, title)), progress.element, place);
  let asked = false;
  details.addEventListener("toggle", () => {
    if (!details.open || asked) return;
    asked = true;
    void progress.run(load).then((made) => {
      asked = made !== null;
      if (made !== null) place.replaceChildren(...made);
    });
  });
  return details;
}

export async function loadSettlement(pass: string, swath: number | undefined, signal: AbortSignal): Promise<Node[]> {
  const path = `/v1/passes/${encodeURIComponent(pass)}/settlement`;
  const query = { swath_m: swath };
  const response = await askResponse(path, { signal, query, headers: { Accept: "text/csv" }, patienceMs: 120_000 });
  const [heads = [], ...rows] = readCsv(await response.text());
  const at = (row: string[], name: string): string => row[heads.indexOf(name)] ?? "";
  const amount = heads.find((head) => head.startsWith("applied_")) ?? "applied_kg";
  const unit = amount === "applied_l" ? "L" : "kg";
  return [
    table(word("field_settlement"), [word("field_owner"), word("field_name"), word("field_product"), word("field_treated"), word("field_applied")],
      rows.map((row) => [at(row, "owner") || "—", at(row, "field"), at(row, "product") || "—", groundText(Number(at(row, "treated_ha")) * 10_000), withUnit(Number(at(row, amount)), unit, 2)])),
    fileButton(word("field_as_csv"), path, `settlement-${pass}.csv`, { query }),
  ];
}

export async function loadNutrients(field: string, signal: AbortSignal): Promise<Node[]> {
  const seasons = await all((cursor) => api.GET("/v1/seasons", { params: { query: { field, ...at(cursor) } }, signal }));
  const season = make("select", { id: "nutrient-season" }, make("option", { value: "" }, word("field_season_year")), ...seasons.map((one) => make("option", { value: one.id }, one.name)));
  const harvest = make("input", { id: "nutrient-yield", type: "number", min: 0, max: 100_000, step: "any", inputmode: "decimal" });
  const grain = make("input", { id: "nutrient-grain", type: "number", min: 0, max: 20, step: "any", inputmode: "decimal" });
  const [place, progress] = [make("div"), new Progress()];
  const look = async (): Promise<void> => {
    const told = await progress.run(() => ask<NutrientsAnswer>(`/v1/fields/${encodeURIComponent(field)}/nutrients`, {
      signal, patienceMs: 300_000, query: { season: season.value || null, yield_kg_ha: harvest.value || null, grain_n_pct: grain.value || null },
    }));
    if (told !== null) place.replaceChildren(...nutrientTables(told));
  };
  season.addEventListener("change", () => void look());
  await look();
  return [
    make("form", { class: "choices-row", onsubmit: (event: Event) => { event.preventDefault(); void look(); } },
      labelled(season, word("field_season")), labelled(harvest, word("field_yield")), labelled(grain, word("field_grain_n")),
      make("button", { type: "submit", class: "secondary" }, word("field_compute"))),
    progress.element, place,
  ];
}

function nutrientTables(told: NutrientsAnswer): Node[] {
  const reason = (name: string | null): string => wordOf("field_reason", name ?? "", wordOf("reason", name ?? "", name ?? ""));
  const parts = (of: Elements | null, why: string | null): string[] =>
    of === null ? [reason(why), "", ""] : [of.n, of.p2o5, of.k2o].map((value) => withUnit(value, "kg/ha", 1));
  const rows = told.passes.map((one) => [dateTimeText(one.start_ms), one.product ?? "—", ...parts(one.kg_ha, one.reason)]);
  const { balance } = told;
  return [
    table(word("field_nutrients"), [word("field_pass"), word("field_product"), "N", "P₂O₅", "K₂O"], [...rows, [word("field_total"), "", ...parts(told.total_kg_ha, told.reason)]]),
    ...(balance === null ? [] : [make("div", { class: "answers" },
      plain(word("field_balance_in"), withUnit(balance.input_kg_ha, "kg/ha")), plain(word("field_balance_out"), withUnit(balance.output_kg_ha, "kg/ha")),
      plain(word("field_balance_surplus"), withUnit(balance.surplus_kg_ha, "kg/ha")), plain(word("field_balance_nue"), shareText(balance.nue)),
      make("p", { class: "note" }, `${word("field_balance")}: ${wordOf("field_verdict", balance.verdict, balance.verdict)}.`))]),
  ];
}

export async function loadLedger(field: string, pass: string | null, signal: AbortSignal): Promise<Node[]> {
  const place = make("div");
  const said = make("p", { role: "status", class: "note" });
  const progress = new Progress();
  const look = async (): Promise<void> => {
    const entries = await all((cursor) => api.GET("/v1/ledger", { params: { query: { field, ...at(cursor) } }, signal }));
    place.replaceChildren(entries.length === 0 ? make("p", { class: "note" }, word("field_ledger_empty")) : table(word("field_ledger"),
      ["#", word("time"), word("field_ledger_kind"), word("field_ledger_who"), "SHA-256", word("field_ledger_body")],
      entries.map((entry) => [
        String(entry.seq), dateTimeText(entry.time_ms), wordOf("field_entry", entry.kind, entry.kind), entry.who, make("code", { title: entry.hash }, `${entry.hash.slice(0, 12)}…`),
        make("details", {}, make("summary", {}, word("field_ledger_body")), make("pre", { class: "entry", tabindex: 0 }, pretty(entry.body))),
      ])));
  };
  const check = async (): Promise<void> => {
    const told = await ask<{ entries: number; whole: boolean; broken_at: number | null; hash: string }>("/v1/ledger/check", { signal, patienceMs: 120_000 });
    setText(said, told.whole ? word("field_ledger_whole", { n: numberText(told.entries, 0), hash: told.hash || "—" }) : word("field_ledger_broken", { seq: told.broken_at ?? "?" }));
  };
  const close = async (): Promise<void> => {
    await ask(`/v1/passes/${encodeURIComponent(pass ?? "")}/close`, { method: "POST", patienceMs: 120_000 });
    setText(said, word("field_ledger_closed"));
    await look();
  };
  const act = (work: () => Promise<void>) => (): void => void progress.run(work).catch((error: unknown) => setText(said, sentenceOf(error) ?? ""));
  await look();
  return [
    place,
    make("div", { class: "choices-row" },
      make("button", { type: "button", class: "secondary", "data-act": "check", onclick: act(check) }, word("field_ledger_check")),
      pass === null ? null : make("button", { type: "button", class: "secondary", "data-act": "close", onclick: act(close) }, word("field_ledger_close"))),
    progress.element, said,
  ];
}

export function labelled(control: HTMLElement, text: string, hint = ""): HTMLElement {
  return make("div", { class: "labelled" }, make("label", { for: control.id }, text), control, hint ? make("span", { class: "note" }, hint) : null);
}

function pretty(body: string): string {
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
  const end = (): void => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index] as string;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (text[index + 1] === '"') {
        cell += '"';
        index += 1;
      } else quoted = false;
    } else if (letter === '"') quoted = true;
    else if (letter === ",") end();
    else if (letter === "\n") {
      end();
      rows.push([]);
    } else if (letter !== "\r") cell += letter;
  }
  if (cell !== "" || (rows.at(-1)?.length ?? 0) > 0) end();
  else rows.pop();
  return rows;
}
