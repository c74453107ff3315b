// What each local day was: light as bars, diseases as a line of days.

import { make } from "../components/dom";
import { formatInstant } from "../i18n/instants";
import { digitsOf, numberText, reasonText, shareText, unitText } from "../i18n/numbers";
import { word, wordOf } from "../i18n/translate";
import type { DayColumn, Overview } from "./records";

const DISEASES = /^(botrytis_index|powdery_mildew_index|late_blight_severity|smith_period|hutton_period|downy_mildew_share_.+)$/;

/** Return the days' light as bars against the band of the stage, each with its number in words. */
export function lightPanel(overview: Overview): HTMLElement {
  const column = overview.days.answers["dli_mol_m2"];
  const target = overview.bands.at(-1)?.targets["dli_mol_m2"];
  const body = column === undefined ? [make("p", { class: "note" }, overview.notes["light"] ?? word("greenhouse_no_light"))] : [
    target ? make("p", { class: "note" }, word("greenhouse_light_target", { low: numberText(target.low, 0), high: numberText(target.high, 0) })) : null,
    make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": word("greenhouse_light") },
      make("table", { class: "bars" },
        make("caption", { class: "hidden" }, word("greenhouse_light")),
        make("tbody", {}, ...overview.days.start_ms.map((startMs, day) => lightRow(startMs, column, day, target?.high ?? 0))))),
    overview.notes["light"] ? make("p", { class: "note" }, overview.notes["light"]) : null,
  ];
  return make("section", { class: "card", "data-panel": "light" }, make("h2", {}, word("greenhouse_light")), ...body);
}

function lightRow(startMs: number, column: DayColumn, day: number, high: number): HTMLElement {
  const value = column.value[day] ?? null;
  const most = Math.max(high, ...column.value.map((one) => one ?? 0), 0.1);
  const bar = make("span", { class: "bar-fill", "data-level": column.level[day] ?? "", "aria-hidden": "true" });
  bar.style.width = `${Math.round((100 * (value ?? 0)) / most)}%`;
  const share = word("coverage", { share: shareText(column.coverage[day] ?? 0) });
  const said = value === null ? `${reasonText(column.reason[day])} · ${share}` : `${numberText(value, 1)} ${unitText(column.unit)}`;
  const level = column.level[day];
  return make("tr", {},
    make("th", { scope: "row" }, dayText(startMs)),
    make("td", { class: "bar-cell" }, make("span", { class: "bar-ground" }, bar)),
    make("td", { class: value === null ? "none" : "" }, said, level ? ` · ${wordOf("greenhouse_level", level, level)}` : ""));
}

/** Return the diseases' indices: a row each, a cell a day. What is not known says so. */
export function diseasePanel(overview: Overview): HTMLElement {
  const rows = Object.entries(overview.days.answers).filter(([name]) => DISEASES.test(name));
  return make("section", { class: "card", "data-panel": "disease" },
    make("h2", {}, word("greenhouse_disease")),
    make("p", { class: "note" }, word("greenhouse_disease_about")),
    rows.length === 0 ? make("p", { class: "note" }, word("greenhouse_no_disease")) : daysTable(overview, word("greenhouse_disease"), rows),
    make("details", { class: "how" }, make("summary", {}, word("how")),
      ...rows.map(([name, column]) => make("p", {}, `${indexName(name)}: ${column.method.source}`, overview.notes[name] ? ` – ${overview.notes[name]}` : ""))));
}

/** Return the days' air and dew in numbers. */
export function daysPanel(overview: Overview): HTMLElement {
  const wanted = ["air_temperature_degc", "relative_humidity_pct", "vpd_kpa", "dif_degc", "condensation_h", "condensation_margin_k", "degree_days_single_sine", "photoperiod_h"];
  const rows = wanted.flatMap((name) => {
    const column = overview.days.answers[name];
    return column ? [[name, column] as [string, DayColumn]] : [];
  });
  return make("section", { class: "card", "data-panel": "days" },
    make("h2", {}, word("greenhouse_days")), make("p", { class: "note" }, word("greenhouse_days_about")), daysTable(overview, word("greenhouse_days"), rows));
}

function daysTable(overview: Overview, name: string, rows: [string, DayColumn][]): HTMLElement {
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    make("table", { class: "days" },
      make("caption", { class: "hidden" }, name),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, word("quantity")), ...overview.days.start_ms.map((startMs) => make("th", { scope: "col" }, dayText(startMs))))),
      make("tbody", {}, ...rows.map(([index, column]) => make("tr", { "data-index": index },
        make("th", { scope: "row" }, indexName(index), " ", make("span", { class: "unit" }, unitText(column.unit))),
        ...column.value.map((value, day) => dayCell(column, value, day)))))));
}

function dayCell(column: DayColumn, value: number | null, day: number): HTMLElement {
  const level = column.level[day] ?? null;
  if (value === null) return make("td", { class: "none" }, reasonText(column.reason[day]), make("span", { class: "more" }, ` ${shareText(column.coverage[day] ?? 0)}`));
  // Nothing is written as minus nothing.
  const shown = Math.abs(value) < 0.005 ? 0 : value;
  return make("td", { "data-level": level }, numberText(shown, column.unit === "1" ? 2 : Math.min(2, digitsOf(column.unit))),
    level ? make("span", { class: "more" }, ` ${wordOf("greenhouse_level", level, level)}`) : null);
}

export function dayText(startMs: number): string {
  return formatInstant(startMs, { weekday: "short", month: "short", day: "numeric" });
}

export function indexName(index: string): string {
  return wordOf("greenhouse_index", index, index.replaceAll("_", " "));
}
