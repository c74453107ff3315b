// What is known of the next 24 hours of one greenhouse or field: statements with their reasons, alarms, sensor faults, recalls, what was done.

import "../i18n/tonight";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { hrefOf, hrefOfThing } from "../app/address";
import { useFarm, useNow } from "../app/mount";
import { localText, ruleTitle, titleOf } from "../components/alarm_text";
import { findingText } from "../components/finding_text";
import { basisText, hourText, kindText, recordText, sentenceOf, sourceTexts, WINDOWS, type Statement } from "../components/tonight_text";
import { ageText } from "../i18n/instants";
import { numberText, reasonText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { authorText, listText, methodText, term, translate, withSigns, type TextKey } from "../i18n/translate";

export type Card = Body<"/v1/tonight">["items"][number];
export type Recall = Body<"/v1/tonight">["recalls"][number];
type Done = Card["done"][number];

/** A reason that is a question to the grower. */
const COVER_NOT_KNOWN = "cover_not_known";
const EVERY_MS = 60_000;
const LEVELS: Record<string, TextKey> = {
  high: "tonight_level_high",
  moderate: "tonight_level_moderate",
  unknown: "tonight_level_unknown",
  low: "tonight_level_low",
};

export function RecallText({ recall }: { recall: Recall }): JSX.Element {
  const { place, product, treated_on, harvested_on, ends_on, lots } = recall;
  return (
    <>
      <strong>{translate("tonight_recall", { place, n: lots })}</strong>{" "}
      {translate("tonight_recall_why", { product, treated: treated_on, harvested: harvested_on, end: ends_on ?? "" })}{" "}
      <RecalledLots recall={recall} />
    </>
  );
}

function RecalledLots({ recall: { ids, codes } }: { recall: Recall }): JSX.Element {
  return (
    <>
      {ids.map((id, at) => (
        <span key={id}>
          <a href={hrefOfThing({ kind: "lot", id })}>{codes[at]}</a>{" "}
        </span>
      ))}
    </>
  );
}

export function StatementCard({ card }: { card: Card }): JSX.Element {
  const farm = useFarm();
  const heading = `tonight-${card.kind}-${card.id}`;
  const known = card.statements.filter(({ level }) => level !== "unknown");
  const told = known.filter(({ level, advice }) => level !== "low" || advice !== null);
  const quiet = known.filter((statement) => !told.includes(statement)).map((statement) => kindText(statement));
  return (
    <article class="card tonight-card" data-subject={card.id} data-level={card.level} aria-labelledby={heading}>
      <header>
        <h3 id={heading}>
          <a href={hrefOfThing({ kind: card.kind === "field" ? "field" : "greenhouse", id: card.id })}>{card.name}</a>
        </h3>
        <span class="level">{translate(LEVELS[card.level] ?? "tonight_level_unknown")}</span>
        {card.simulated ? <span class="badge">{translate("simulated")}</span> : null}
      </header>
      <ul class="statements">
        {card.recalls.map((recall) => (
          <li key={recall.treatment} data-level={recall.acknowledged_ms === null ? "high" : "low"} data-recall={recall.treatment}>
            <strong>{translate("tonight_recall_here", { n: recall.lots })}</strong> <RecalledLots recall={recall} />
          </li>
        ))}
        {card.alarms.map((alarm) => (
          <li key={alarm.id} data-level="high">
            <span class="severity" data-severity={alarm.severity}>
              {term("severities", alarm.severity)}
            </span>{" "}
            <a href={hrefOfThing({ kind: "alarm", id: alarm.id })}>
              {translate("tonight_alarm", { rule: titleOf({ ...alarm, name: alarm.rule }) })}
            </a>{" "}
            <span class="about">{[alarmText(alarm), ageText(Date.now() - alarm.raised_ms)].filter(Boolean).join(" · ")}</span>
          </li>
        ))}
        {card.sensors.map((finding) => (
          <li key={`${finding.device} ${finding.channel} ${finding.test}`} data-level="moderate" data-sensor-fault={finding.test}>
            {findingText(finding, farm.nameOf(finding.device))}
          </li>
        ))}
        {told.map((statement) => (
          <StatementItem key={statement.kind} statement={statement} zone={card.time_zone} />
        ))}
        {unknownByReason(card.statements).map(([reason, kinds]) => (
          <li key={reason} data-level="unknown" class="note">
            {reason === COVER_NOT_KNOWN ? (
              <a href={hrefOf("settings", { tab: "houses" })}>{reasonText(reason)}</a>
            ) : (
              translate("tonight_unknown", { kind: listText(kinds), reason: reasonText(reason) })
            )}
          </li>
        ))}
        {quiet.length > 0 ? (
          <li class="note" data-level="low">
            {translate("tonight_quiet", { kinds: listText(quiet) })}
          </li>
        ) : null}
      </ul>
      {sourceTexts(card.statements).map((text) => (
        <p key={text} class="note" data-forecast-source>
          {text}
        </p>
      ))}
      <Why statements={told} />
      {card.done.length > 0 ? (
        <div class="done">
          <h4>{translate("tonight_done")}</h4>
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

function StatementItem({ statement, zone }: { statement: Statement; zone: string }): JSX.Element {
  const { advice, level } = statement;
  const notes = [basisText(statement), statement.estimated ? translate("tonight_estimated") : "", recordText(statement)].filter(Boolean);
  return (
    <li data-level={level} data-statement={statement.kind}>
      <strong>{kindText(statement)}</strong> {sentenceOf(statement, zone)}
      <span class="about">{notes.join(" · ")}</span>
      {advice ? (
        <span class="advice">
          {/* Orders tell their own times. */}
          {advice.orders.length + advice.withheld.length > 0 ? null : <b>{dueText(statement, zone)} </b>}
          {currentLanguage() === "en" ? advice.text : advice.text_zh}
        </span>
      ) : null}
    </li>
  );
}

function dueText({ advice, occurs, basis }: Statement, zone: string): string {
  if (advice === null) return "";
  if (advice.until_ms !== null) return translate("tonight_until", { time: hourText(advice.until_ms, zone) });
  return occurs && basis !== "as_yesterday" ? translate("tonight_now") : "";
}

/** The remedy of an alarm, or why it waits where another alarm asks for the opposite. */
function alarmText(alarm: Card["alarms"][number]): string {
  if (alarm.withheld.length === 0) return localText(alarm);
  return alarm.withheld.map((each) => (currentLanguage() === "en" ? each.text : each.text_zh)).join(" ");
}

/** Return the kinds that are not known, together for each reason. */
function unknownByReason(statements: readonly Statement[]): [string, string[]][] {
  const kinds = new Map<string, string[]>();
  for (const statement of statements.filter(({ level }) => level === "unknown")) {
    const reason = statement.reason ?? "";
    kinds.set(reason, [...(kinds.get(reason) ?? []), kindText(statement)]);
  }
  return [...kinds];
}

/** How many statements there are where they are too few to tell how sure they are, and the sources of the advice. */
function Why({ statements }: { statements: readonly Statement[] }): JSX.Element {
  const young = statements.filter(({ kind, value, record }) => value !== null && !WINDOWS.has(kind) && record.n < record.least);
  const few = Math.max(...young.map(({ record }) => record.n));
  return (
    <>
      {young.length > 0 ? <p class="note">{translate("tonight_few", { n: few, least: young[0]?.record.least ?? 0 })}</p> : null}
      {statements.some(({ advice }) => advice !== null) ? (
        <details class="why">
          <summary>{translate("tonight_source")}</summary>
          <ul>
            {statements.map((statement) =>
              statement.advice ? (
                <li key={statement.kind}>
                  {kindText(statement)}: {currentLanguage() === "en" ? withSigns(statement.advice.source) : statement.advice.source_zh}
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

function doneText(done: Done): string {
  if (done.kind === "acknowledgement") return translate("tonight_done_acknowledgement", { text: ruleTitle(done.text) });
  if (done.kind === "pass") return translate("tonight_done_pass");
  if (done.kind === "irrigation") return translate("tonight_done_irrigation", { value: `${numberText(done.value ?? 0, 0)} L` });
  return [done.text, authorText(done.by)].filter(Boolean).join(" · ");
}
