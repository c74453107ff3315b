// What the next 24 hours bring to a greenhouse: leaf and cover apart, how sure each statement is, and what to do beside it.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { BasisText } from "../components/forecast_basis";
import { basisText, recordText, sentenceOf, sourceTexts, type Statement } from "../components/tonight_text";
import { dateTimeText } from "../i18n/instants";
import { numberText, reasonText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { methodText, term, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { cardOf, Level, useOutlook } from "./houses_table";
import type { GreenhouseItem } from "./records";

export function OutlookPanel({ house }: { house: GreenhouseItem }): JSX.Element {
  const outlook = useOutlook();
  return (
    <>
      <h2>{translate("greenhouse_outlook")}</h2>
      <Loaded state={outlook}>
        {(cards) => {
          const card = cardOf(cards, house);
          if (card === undefined || card.statements.length === 0) return <p class="note">{translate("greenhouse_outlook_none")}</p>;
          return (
            <>
              {card.forecast_ms === null ? null : (
                <p class="note">
                  {translate("greenhouse_outlook_made", { time: dateTimeText(card.forecast_ms) })}{" "}
                  {card.forecast_basis === null ? null : <BasisText basis={card.forecast_basis} />}
                </p>
              )}
              <div class="outlook">
                {card.statements.map((statement) => (
                  <StatementView key={statement.kind} statement={statement} />
                ))}
              </div>
            </>
          );
        }}
      </Loaded>
    </>
  );
}

function StatementView({ statement }: { statement: Statement }): JSX.Element {
  const { advice, basis, estimated, kind, level, method } = statement;
  return (
    <article class="statement" data-statement={kind} data-level={level}>
      <h3>
        {term("tonight_statements", kind)} <Level level={level} />
      </h3>
      <p>{told(statement)}</p>
      {advice === null ? null : (
        <p class="advice">
          <strong>{currentLanguage() === "en" ? advice.text : advice.text_zh}</strong>
          {advice.until_ms === null || advice.orders.length + advice.withheld.length > 0 ? null : (
            <span class="age"> {translate("greenhouse_advice_until", { time: dateTimeText(advice.until_ms) })}</span>
          )}
        </p>
      )}
      <p class="note">
        {[
          basis === "as_yesterday" ? translate("greenhouse_as_yesterday") : basisText(statement),
          ...sourceTexts([statement]),
          estimated ? translate("greenhouse_surface_estimated") : "",
          recordNote(statement),
        ]
          .filter(Boolean)
          .join(" ")}
      </p>
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(method)}</p>
      </details>
    </article>
  );
}

/** Return the sentence about a statement, or why there is none. */
function told(statement: Statement): string {
  return statement.value === null || statement.occurs === null ? reasonText(statement.reason) : sentenceOf(statement);
}

/** Return how such statements came true; an amount is never right or wrong, it has an error. */
function recordNote(statement: Statement): string {
  const { kind, record } = statement;
  if (record.n === 0) return translate("greenhouse_record_none");
  if (kind === "irrigation") return recordText(statement);
  return translate("greenhouse_record", {
    n: numberText(record.n, 0),
    right: numberText(record.right, 0),
    missed: numberText(record.missed, 0),
    wrong: numberText(record.false_alarms, 0),
  });
}
