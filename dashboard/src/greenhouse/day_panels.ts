// Panels by local day: light as bars, disease indices and climate means as tables.

import "../i18n/greenhouse";
import { make } from "../components/dom";
import { scrollTable } from "../components/parts";
import { HOUSE_DAYS } from "../components/shown_quantities";
import { formatInstant } from "../i18n/instants";
import { numberText, reasonText, shareText, unitText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { digitsOf } from "../i18n/quantities";
import { channelName, englishOnly, findTerm, methodText, term, translate, withSigns } from "../i18n/translate";
import type { DayColumn, Overview } from "./records";

const DISEASES = /^(botrytis_index|powdery_mildew_index|late_blight_severity|smith_period|hutton_period|downy_mildew_share_.+)$/;
/** Indices that are 1 where a condition was met, and 0 otherwise. */
const YES_NO = /^(smith|hutton)_period$/;
/** Return a note of the answer in the page's language; empty where it has none. */
function noteOf(overview: Overview, name: string): string {
  return currentLanguage() === "en" ? withSigns(overview.notes[name] ?? "") : (overview.notes_zh[name] ?? "");
}

/** Return the daily light as bars with numbers, compared with the target band. */
export function lightPanel(overview: Overview): HTMLElement {
  const column = overview.days.answers["dli_mol_m2"];
  const target = overview.bands.at(-1)?.targets["dli_mol_m2"];
  const note = noteOf(overview, "light");
  const content =
    column === undefined
      ? [make("p", { class: "note" }, note || translate("greenhouse_no_light"))]
      : [
          target
            ? make(
                "p",
                { class: "note" },
                translate("greenhouse_light_target", { low: numberText(target.low, 0), high: numberText(target.high, 0) }),
              )
            : null,
          scrollTable(
            translate("greenhouse_light"),
            [],
            overview.days.start_ms.map((startMs, day) => lightRow(startMs, column, day, target?.high ?? 0)),
            "bars",
          ),
          note ? make("p", { class: "note" }, lightSourceText(note)) : null,
        ];
  return make("section", { class: "card", "data-panel": "light" }, make("h2", {}, translate("greenhouse_light")), ...content);
}

// The API's note has the form "CHANNEL times FACTOR: explanation".
function lightSourceText(note: string): string {
  const [, channel = "", factor = "1"] = /^(\w+) times ([\d.e+-]+):/.exec(note) ?? [];
  if (findTerm("quantities", channel) === null) return englishOnly(note);
  return translate("greenhouse_light_source", {
    channel: channelName(channel),
    factor: factor === "1" ? "" : ` × ${numberText(Number(factor), 3)}`,
  });
}

function lightRow(startMs: number, column: DayColumn, day: number, targetHigh: number): HTMLElement {
  const value = column.value[day] ?? null;
  const level = column.level[day];
  const scaleEnd = Math.max(targetHigh, ...column.value.map((dayValue) => dayValue ?? 0), 0.1);
  const bar = make("span", { class: "bar-fill", "data-level": level ?? "", "aria-hidden": "true" });
  bar.style.width = `${Math.round((100 * (value ?? 0)) / scaleEnd)}%`;
  const coverage = translate("coverage", { share: shareText(column.coverage[day] ?? 0) });
  const text = value === null ? `${reasonText(column.reason[day])} · ${coverage}` : `${numberText(value, 1)} ${unitText(column.unit)}`;
  return make(
    "tr",
    {},
    make("th", { scope: "row" }, dayText(startMs)),
    make("td", { class: "bar-cell" }, make("span", { class: "bar-track" }, bar)),
    make("td", { class: value === null ? "none" : "" }, text, level ? ` · ${term("levels", level)}` : ""),
  );
}

/** Return the disease indices: a row for each index, a cell for each day. */
export function diseasePanel(overview: Overview): HTMLElement {
  const rows = Object.entries(overview.days.answers).filter(([name]) => DISEASES.test(name));
  return make(
    "section",
    { class: "card", "data-panel": "disease" },
    make("h2", {}, translate("greenhouse_disease")),
    make("p", { class: "note" }, `${translate("greenhouse_disease_about")} ${translate("greenhouse_disease_scale")}`),
    rows.length === 0
      ? make("p", { class: "note" }, translate("greenhouse_no_disease"))
      : daysTable(overview, translate("greenhouse_disease"), rows),
    make(
      "details",
      { class: "how" },
      make("summary", {}, translate("method")),
      ...rows.map(([name, column]) =>
        make(
          "p",
          {},
          translate("name_and_text", {
            name: channelName(name),
            text: [methodText(column.method), noteOf(overview, name)].filter(Boolean).join(" – "),
          }),
        ),
      ),
    ),
  );
}

/** Return the daily means of the climate. */
export function daysPanel(overview: Overview): HTMLElement {
  const rows = HOUSE_DAYS.flatMap((name) => {
    const column = overview.days.answers[name];
    return column ? [[name, column] as [string, DayColumn]] : [];
  });
  return make(
    "section",
    { class: "card", "data-panel": "days" },
    make("h2", {}, translate("greenhouse_days")),
    make("p", { class: "note" }, translate("greenhouse_days_about")),
    daysTable(overview, translate("greenhouse_days"), rows),
  );
}

function daysTable(overview: Overview, name: string, rows: [string, DayColumn][]): HTMLElement {
  return scrollTable(
    name,
    // The newest day is beside the name of the quantity, where it is seen on a phone, too.
    [translate("quantity"), ...overview.days.start_ms.map(dayText).reverse()],
    rows.map(([index, column]) =>
      make(
        "tr",
        { "data-index": index },
        make("th", { scope: "row" }, channelName(index), " ", make("span", { class: "unit" }, unitText(column.unit))),
        ...column.value.map((value, day) => dayCell(index, column, value, day)).reverse(),
      ),
    ),
    "days",
  );
}

function dayCell(index: string, column: DayColumn, value: number | null, day: number): HTMLElement {
  const level = column.level[day] ?? null;
  if (value === null)
    return make(
      "td",
      { class: "none" },
      reasonText(column.reason[day]),
      make("span", { class: "more" }, ` ${shareText(column.coverage[day] ?? 0)}`),
    );
  if (YES_NO.test(index)) return make("td", { "data-level": level }, translate(value >= 1 ? "yes" : "no"));
  // No negative zero.
  const shown = Math.abs(value) < 0.005 ? 0 : value;
  return make(
    "td",
    { "data-level": level },
    numberText(shown, digitsOf(column.unit, index)),
    level ? make("span", { class: "more" }, ` ${term("levels", level)}`) : null,
  );
}

function dayText(startMs: number): string {
  return formatInstant(startMs, { weekday: "short", month: "short", day: "numeric" });
}
