// Panels by local day: light as bars, disease indices and climate means as tables.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { HOUSE_DAYS } from "../components/shown_quantities";
import { formatInstant } from "../i18n/instants";
import { numberText, reasonText, shareText, unitText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { digitsOf } from "../i18n/quantities";
import { channelName, englishOnly, findTerm, methodText, term, translate, withSigns } from "../i18n/translate";
import type { DayColumn, Overview } from "./records";
import { ScrollTable } from "./scroll_table";

const DISEASES = /^(botrytis_index|powdery_mildew_index|late_blight_severity|smith_period|hutton_period|downy_mildew_share_.+)$/;
/** Indices that are 1 where a condition was met, and 0 otherwise. */
const YES_NO = /^(smith|hutton)_period$/;

/** Return a note of the answer in the page's language; empty where it has none. */
function noteOf(overview: Overview, name: string): string {
  return currentLanguage() === "en" ? withSigns(overview.notes[name] ?? "") : (overview.notes_zh[name] ?? "");
}

/** The daily light as bars with numbers, compared with the target band. */
export function LightPanel({ overview }: { overview: Overview }): JSX.Element {
  const column = overview.days.answers["dli_mol_m2"];
  const target = overview.bands.at(-1)?.targets["dli_mol_m2"];
  const note = noteOf(overview, "light");
  return (
    <section class="card" data-panel="light">
      <h2>{translate("greenhouse_light")}</h2>
      {column === undefined ? (
        <p class="note">{note || translate("greenhouse_no_light")}</p>
      ) : (
        <>
          {target ? (
            <p class="note">{translate("greenhouse_light_target", { low: numberText(target.low, 0), high: numberText(target.high, 0) })}</p>
          ) : null}
          <ScrollTable name={translate("greenhouse_light")} heads={[]} class="bars">
            {overview.days.start_ms.map((startMs, day) => (
              <LightRow key={startMs} startMs={startMs} column={column} day={day} targetHigh={target?.high ?? 0} />
            ))}
          </ScrollTable>
          {note ? <p class="note">{lightSourceText(note)}</p> : null}
        </>
      )}
    </section>
  );
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

function LightRow({ startMs, column, day, targetHigh }: LightRowProps): JSX.Element {
  const value = column.value[day] ?? null;
  const level = column.level[day];
  const scaleEnd = Math.max(targetHigh, ...column.value.map((dayValue) => dayValue ?? 0), 0.1);
  const coverage = translate("coverage", { share: shareText(column.coverage[day] ?? 0) });
  const text = value === null ? `${reasonText(column.reason[day])} · ${coverage}` : `${numberText(value, 1)} ${unitText(column.unit)}`;
  return (
    <tr>
      <th scope="row">{dayText(startMs)}</th>
      <td class="bar-cell">
        <span class="bar-track">
          <span
            class="bar-fill"
            data-level={level ?? ""}
            aria-hidden="true"
            style={{ width: `${Math.round((100 * (value ?? 0)) / scaleEnd)}%` }}
          />
        </span>
      </td>
      <td class={value === null ? "none" : ""}>
        {text}
        {level ? ` · ${term("levels", level)}` : ""}
      </td>
    </tr>
  );
}

interface LightRowProps {
  startMs: number;
  column: DayColumn;
  day: number;
  targetHigh: number;
}

/** The disease indices: a row for each index, a cell for each day. */
export function DiseasePanel({ overview }: { overview: Overview }): JSX.Element {
  const rows = Object.entries(overview.days.answers).filter(([name]) => DISEASES.test(name));
  return (
    <section class="card" data-panel="disease">
      <h2>{translate("greenhouse_disease")}</h2>
      <p class="note">{`${translate("greenhouse_disease_about")} ${translate("greenhouse_disease_scale")}`}</p>
      {rows.length === 0 ? (
        <p class="note">{translate("greenhouse_no_disease")}</p>
      ) : (
        <DaysTable overview={overview} name={translate("greenhouse_disease")} rows={rows} />
      )}
      <details class="how">
        <summary>{translate("method")}</summary>
        {rows.map(([name, column]) => (
          <p key={name}>
            {translate("name_and_text", {
              name: channelName(name),
              text: [methodText(column.method), noteOf(overview, name)].filter(Boolean).join(" – "),
            })}
          </p>
        ))}
      </details>
    </section>
  );
}

/** The daily means of the climate. */
export function DaysPanel({ overview }: { overview: Overview }): JSX.Element {
  const rows = HOUSE_DAYS.flatMap((name) => {
    const column = overview.days.answers[name];
    return column ? [[name, column] as const] : [];
  });
  return (
    <section class="card" data-panel="days">
      <h2>{translate("greenhouse_days")}</h2>
      <p class="note">{translate("greenhouse_days_about")}</p>
      <DaysTable overview={overview} name={translate("greenhouse_days")} rows={rows} />
    </section>
  );
}

interface DaysTableProps {
  overview: Overview;
  name: string;
  rows: readonly (readonly [string, DayColumn])[];
}

function DaysTable({ overview, name, rows }: DaysTableProps): JSX.Element {
  // The newest day is beside the name of the quantity, where it is seen on a phone, too.
  return (
    <ScrollTable name={name} heads={[translate("quantity"), ...overview.days.start_ms.map(dayText).reverse()]} class="days">
      {rows.map(([index, column]) => (
        <tr key={index} data-index={index}>
          <th scope="row">
            {channelName(index)} <span class="unit">{unitText(column.unit)}</span>
          </th>
          {column.value.map((value, day) => <DayCell key={day} index={index} column={column} value={value} day={day} />).reverse()}
        </tr>
      ))}
    </ScrollTable>
  );
}

interface DayCellProps {
  index: string;
  column: DayColumn;
  value: number | null;
  day: number;
}

function DayCell({ index, column, value, day }: DayCellProps): JSX.Element {
  const level = column.level[day] ?? undefined;
  if (value === null)
    return (
      <td class="none">
        {reasonText(column.reason[day])}
        <span class="more"> {shareText(column.coverage[day] ?? 0)}</span>
      </td>
    );
  if (YES_NO.test(index)) return <td data-level={level}>{translate(value >= 1 ? "yes" : "no")}</td>;
  // No negative zero.
  const shown = Math.abs(value) < 0.005 ? 0 : value;
  return (
    <td data-level={level}>
      {numberText(shown, digitsOf(column.unit, index))}
      {level ? <span class="more"> {term("levels", level)}</span> : null}
    </td>
  );
}

function dayText(startMs: number): string {
  return formatInstant(startMs, { weekday: "short", month: "short", day: "numeric" });
}
