// The next 24 hours: a card for each greenhouse and field, the one with the most trouble first.

import "../i18n/farm";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi } from "../api/query";
import { hrefOf } from "../app/address";
import { useNow } from "../app/mount";
import { localText, ruleTitle } from "../components/alarm_text";
import { ageText, formatInstant } from "../i18n/instants";
import { numberText, reasonText, shareText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { authorText, methodText, term, translate, type TextKey } from "../i18n/translate";
import { Loaded } from "../ui/loaded";

type Tonight = Body<"/v1/tonight">;
type Card = Tonight["items"][number];
type Statement = Card["statements"][number];
type Done = Card["done"][number];

const FIRST = 6;
const PAGE = 24;
const EVERY_MS = 60_000;
const LEVELS: Record<string, TextKey> = {
  high: "farm_level_high",
  moderate: "farm_level_moderate",
  unknown: "farm_level_unknown",
  low: "farm_level_low",
};
const WINDOWS = new Set(["spray_window", "spread_window"]);
const WET = new Set(["leaf_condensation", "cover_condensation"]);

/** `onSettled` is called once there are cards, or a reason why not. */
export function TonightCards({ onSettled }: { onSettled: () => void }): JSX.Element {
  const [pages, setPages] = useState<(string | null)[]>([null]);
  const [isWhole, setWhole] = useState(false);
  const cursor = pages.at(-1) ?? null;
  const query = { limit: isWhole ? PAGE : FIRST, ...(cursor === null ? {} : { cursor }) };
  const state = useApi("/v1/tonight", { query }, { everyMs: EVERY_MS, keep: true });
  const isSettled = state.data !== undefined || state.error !== null;
  useEffect(() => {
    if (isSettled) onSettled();
  }, [isSettled]);
  const first = (pages.length - 1) * PAGE;
  return (
    <section class="tonight" data-panel="tonight">
      <h2>{translate("farm_tonight")}</h2>
      <Loaded state={state}>
        {({ items, total, next }) => (
          <>
            {items.length === 0 ? <p class="note">{translate("farm_tonight_none")}</p> : null}
            <div class="tonight-cards">
              {items.map((card) => (
                <TonightCard key={`${card.kind} ${card.id}`} card={card} />
              ))}
            </div>
            {total > FIRST ? (
              <div class="buttons">
                {isWhole ? (
                  <>
                    <button type="button" class="secondary" disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>
                      {translate("farm_tonight_previous")}
                    </button>
                    <span class="note">{translate("farm_tonight_page", { first: first + 1, last: first + items.length, n: total })}</span>
                    <button type="button" class="secondary" disabled={next === null} onClick={() => setPages([...pages, next])}>
                      {translate("farm_tonight_next")}
                    </button>
                  </>
                ) : (
                  <button type="button" class="secondary" onClick={() => setWhole(true)}>
                    {translate("farm_tonight_all", { n: total })}
                  </button>
                )}
              </div>
            ) : null}
          </>
        )}
      </Loaded>
    </section>
  );
}

function TonightCard({ card }: { card: Card }): JSX.Element {
  const heading = `tonight-${card.kind}-${card.id}`;
  const page = card.kind === "field" ? "field" : "greenhouse";
  const isTold = (statement: Statement): boolean => statement.level !== "low" || statement.advice !== null;
  const quiet = card.statements.filter((statement) => !isTold(statement)).map((statement) => kindText(statement));
  return (
    <article class="card tonight-card" data-subject={card.id} data-level={card.level} aria-labelledby={heading}>
      <header>
        <h3 id={heading}>
          <a href={hrefOf(page, [card.id])}>{card.name}</a>
        </h3>
        <span class="level">{translate(LEVELS[card.level] ?? "farm_level_unknown")}</span>
        {card.simulated ? <span class="badge">{translate("simulated")}</span> : null}
      </header>
      <ul class="statements">
        {card.alarms.map((alarm) => (
          <li key={alarm.id} data-level="high">
            <span class="severity" data-severity={alarm.severity}>
              {term("severities", alarm.severity)}
            </span>{" "}
            <a href={hrefOf("alarms")}>{translate("farm_tonight_alarm", { rule: ruleTitle(alarm.rule) })}</a>{" "}
            <span class="about">{[localText(alarm), ageText(Date.now() - alarm.raised_ms)].filter(Boolean).join(" · ")}</span>
          </li>
        ))}
        {card.statements.filter(isTold).map((statement) => (
          <StatementItem key={statement.kind} statement={statement} />
        ))}
        {quiet.length > 0 ? (
          <li class="note" data-level="low">
            {translate("farm_tonight_quiet", { kinds: quiet.join(currentLanguage() === "en" ? ", " : "、") })}
          </li>
        ) : null}
      </ul>
      <Why statements={card.statements.filter(isTold)} />
      {card.done.length > 0 ? (
        <div class="done">
          <h4>{translate("farm_tonight_done")}</h4>
          <ul>
            {card.done.map((done) => (
              <li key={`${done.kind} ${done.time_ms}`}>
                {doneText(done)} <DoneAge timeMs={done.time_ms} />
              </li>
            ))}
          </ul>
        </div>
      ) : null}
    </article>
  );
}

function StatementItem({ statement }: { statement: Statement }): JSX.Element {
  const { advice, level } = statement;
  if (level === "unknown")
    return (
      <li data-level={level} data-statement={statement.kind} class="note">
        {translate("farm_tonight_unknown", { kind: kindText(statement), reason: reasonText(statement.reason) })}
      </li>
    );
  const notes = [
    statement.basis === "as_yesterday" ? translate("farm_tonight_as_yesterday") : "",
    statement.estimated ? translate("farm_tonight_estimated") : "",
    recordText(statement),
  ].filter(Boolean);
  return (
    <li data-level={level} data-statement={statement.kind}>
      <strong>{kindText(statement)}</strong> {sentenceOf(statement)}
      <span class="about">{notes.join(" · ")}</span>
      {advice ? (
        <span class="advice">
          <b>
            {advice.until_ms === null
              ? statement.occurs && statement.basis === "forecast"
                ? translate("farm_tonight_now")
                : ""
              : translate("farm_tonight_until", { time: hourText(advice.until_ms) })}
          </b>{" "}
          {currentLanguage() === "en" ? advice.text : advice.text_zh}
        </span>
      ) : null}
    </li>
  );
}

/** How many statements there are where they are too few to tell how sure they are, and the sources of the advice. */
function Why({ statements }: { statements: readonly Statement[] }): JSX.Element {
  const young = statements.filter(({ kind, value, record }) => value !== null && !WINDOWS.has(kind) && record.n < record.least);
  const few = Math.max(...young.map(({ record }) => record.n));
  return (
    <>
      {young.length > 0 ? <p class="note">{translate("farm_tonight_few", { n: few, least: young[0]?.record.least ?? 0 })}</p> : null}
      {statements.some(({ advice }) => advice !== null) ? (
        <details class="why">
          <summary>{translate("farm_tonight_source")}</summary>
          <ul>
            {statements.map((statement) =>
              statement.advice ? (
                <li key={statement.kind}>
                  {kindText(statement)}: {currentLanguage() === "en" ? statement.advice.source : statement.advice.source_zh}
                  {" · "}
                  {methodText(statement.method)}
                </li>
              ) : null,
            )}
          </ul>
        </details>
      ) : null}
    </>
  );
}

function DoneAge({ timeMs }: { timeMs: number }): JSX.Element {
  const now = useNow(EVERY_MS);
  return <span class="age">{ageText(now - timeMs)}</span>;
}

function kindText(statement: Statement): string {
  return term("tonight_statements", statement.kind);
}

/** Return what will happen and when. */
function sentenceOf(statement: Statement): string {
  const { kind, occurs, hours, start_ms: startMs, end_ms: endMs } = statement;
  const value = statement.value === null ? "" : withUnit(statement.value, statement.unit, 1);
  const from = startMs === null || startMs <= Date.now() ? null : hourText(startMs);
  const values = { from: from ?? "", hours, value };
  if (WET.has(kind)) {
    if (!occurs) return translate("farm_tonight_near", values);
    return translate(from === null ? "farm_tonight_wet_now" : "farm_tonight_wet", values);
  }
  if (kind === "frost") {
    if (!occurs) return translate("farm_tonight_frost_near", values);
    return translate(from === null ? "farm_tonight_frost_now" : "farm_tonight_frost", values);
  }
  if (kind === "disease") return translate(from === null ? "farm_tonight_disease_now" : "farm_tonight_disease", values);
  if (WINDOWS.has(kind))
    return startMs === null || endMs === null
      ? translate("farm_tonight_no_window")
      : translate("farm_tonight_window", { from: hourText(startMs), until: hourText(endMs) });
  return translate("farm_tonight_water", values);
}

/** Return how sure a statement is, or how many there are where that cannot be told. */
function recordText({ kind, record, unit }: Statement): string {
  const { n, right, missed, least } = record;
  if (WINDOWS.has(kind)) return n === 0 ? "" : translate("farm_tonight_record_hours", { n, right });
  if (n < least) return "";
  const error = record.mean_abs_error === null ? "" : withUnit(record.mean_abs_error, unit, 1);
  if (kind === "irrigation") return translate("farm_tonight_error", { error });
  return [
    record.chance === null ? "" : translate("farm_tonight_chance", { chance: shareText(record.chance) }),
    translate("farm_tonight_record", { n, right }),
    right === n ? "" : translate("farm_tonight_missed", { missed, false_alarms: record.false_alarms }),
    translate("farm_tonight_error", { error }),
  ]
    .filter(Boolean)
    .join(currentLanguage() === "en" ? ", " : "，");
}

function doneText(done: Done): string {
  if (done.kind === "acknowledgement") return translate("farm_done_acknowledgement", { text: ruleTitle(done.text) });
  if (done.kind === "pass") return translate("farm_done_pass");
  if (done.kind === "irrigation") return translate("farm_done_irrigation", { value: `${numberText(done.value ?? 0, 0)} L` });
  return [done.text, authorText(done.by)].filter(Boolean).join(" · ");
}

/** Return the weekday and the hour of an instant. */
function hourText(timeMs: number): string {
  return formatInstant(timeMs, { weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}
