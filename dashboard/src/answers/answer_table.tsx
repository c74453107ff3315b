// Answers by period as a table: a row for each index, a column for each period, and how each is known below.

import "../i18n/answers";
import type { ComponentChildren, JSX } from "preact";
import { numberText, reasonText, shareText, unitText } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { englishOnly, findTerm, methodText, term, translate } from "../i18n/translate";
import { indexName, inputNames } from "./names";

export interface PeriodAnswer {
  value: number | null;
  unit: string;
  n: number;
  coverage: number;
  reason: string | null;
  evidence: string | null;
  inputs: readonly string[];
  method: { id: string; version: number; source: string };
  simulated: boolean;
}

export interface PeriodItem {
  window: { start_ms: number; end_ms: number };
  answers: Record<string, PeriodAnswer>;
  levels?: Record<string, string>;
}

const COMPLETE_SHARE = 0.995;
/** Indices that are 1 where a condition was met, and 0 otherwise. */
const YES_NO = /^(smith_period|hutton_period|rain_favourable_day)$/;
const SHARES = /^drain_(share|target_low|target_high)$|_in_band$/;
const COUNTS = /_unreached$/;

/** `wanted` chooses and orders the indices; those that no period has are left out. `head` is the text of a period's beginning. */
export function AnswerTable({
  name,
  items,
  wanted,
  head,
  notes = [],
  extra,
}: {
  name: string;
  items: readonly PeriodItem[];
  wanted?: readonly string[];
  head: (startMs: number) => string;
  notes?: readonly string[];
  extra?: { head: string; cell: (index: string) => ComponentChildren };
}): JSX.Element {
  const known = new Set(items.flatMap((item) => Object.keys(item.answers)));
  const indices = (wanted ?? [...known]).filter((index) => known.has(index));
  const newestFirst = [...items].reverse();
  const lastOf = (index: string): PeriodAnswer | undefined => newestFirst.find((item) => item.answers[index] !== undefined)?.answers[index];
  if (indices.length === 0)
    return (
      <>
        <p class="note">{translate("answers_none")}</p>
        {notes.map((note) => (
          <p class="note" key={note}>
            {note}
          </p>
        ))}
      </>
    );
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys. */}
      <section class="scroll" tabIndex={0} aria-label={name}>
        <table class="days">
          <caption class="hidden">{name}</caption>
          <thead>
            <tr>
              <th scope="col">{translate("quantity")}</th>
              {extra ? <th scope="col">{extra.head}</th> : null}
              {newestFirst.map((item) => (
                <th scope="col" key={item.window.start_ms}>
                  {head(item.window.start_ms)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {indices.map((index) => {
              const last = lastOf(index);
              return (
                <tr key={index} data-index={index}>
                  <th scope="row">
                    {indexName(index, last)} <span class="unit">{shownUnit(last?.unit ?? "1")}</span>
                  </th>
                  {extra ? <td>{extra.cell(index)}</td> : null}
                  {newestFirst.map((item) => (
                    <AnswerCell key={item.window.start_ms} index={index} item={item} />
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </section>
      {notes.filter(Boolean).map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      <details class="how">
        <summary>{translate("answers_how")}</summary>
        {indices.map((index) => {
          const last = lastOf(index);
          if (last === undefined) return null;
          return (
            <p key={index}>
              <strong>{indexName(index, last)}</strong>
              {translate("colon")}
              {[
                methodText(last.method),
                last.inputs.length === 0 ? "" : translate("answers_inputs", { inputs: inputNames(last.inputs) }),
                last.evidence === null ? "" : (findTerm("evidence", last.evidence) ?? ""),
                translate("samples_and_coverage", { n: numberText(last.n, 0), coverage: shareText(last.coverage) }),
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
          );
        })}
      </details>
    </>
  );
}

function AnswerCell({ index, item }: { index: string; item: PeriodItem }): JSX.Element {
  const answer = item.answers[index];
  const level = item.levels?.[index] ?? null;
  if (answer === undefined) return <td>—</td>;
  const share = answer.coverage < COMPLETE_SHARE ? <span class="more"> {shareText(answer.coverage)}</span> : null;
  if (answer.value === null)
    return (
      <td class="none">
        {reasonText(answer.reason)}
        {share}
      </td>
    );
  return (
    <td {...(level === null ? {} : { "data-level": level })}>
      {YES_NO.test(index) ? translate(answer.value >= 1 ? "yes" : "no") : shownValue(index, answer.value, answer.unit)}
      {level === null ? null : <span class="more"> {term("levels", level)}</span>}
      {share}
    </td>
  );
}

/** Shares read as per cent, counts as whole numbers; other numbers with the digits of their unit. */
function shownValue(index: string, value: number, unit: string): string {
  // No negative zero.
  const shown = Math.abs(value) < 0.0005 ? 0 : value;
  if (SHARES.test(index)) return shareText(shown);
  return numberText(shown, COUNTS.test(index) ? 0 : digitsOf(unit, index));
}

function shownUnit(unit: string): string {
  return unit === "1" ? "" : unitText(unit);
}

/** Return the notes of an answer in the page's language: those in Chinese where there are any, else in English on an English page only. */
export function notesOf(notes: Record<string, string>, chinese: Record<string, string> = {}): string[] {
  return Object.entries(notes)
    .map(([key, text]) => englishOnly(text) || (chinese[key] ?? ""))
    .filter(Boolean);
}
