// What the next 24 hours bring to a greenhouse: leaf and cover apart, how sure each statement is, and what to do beside it.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { windowText, dateTimeText } from "../i18n/instants";
import { numberText, reasonText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { methodText, term, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { cardOf, Level, useOutlook, type Statement } from "./houses_table";
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
                <p class="note">{translate("greenhouse_outlook_made", { time: dateTimeText(card.forecast_ms) })}</p>
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
  const { advice, basis, estimated, kind, level, method, record } = statement;
  return (
    <article class="statement" data-statement={kind} data-level={level}>
      <h3>
        {term("tonight_statements", kind)} <Level level={level} />
      </h3>
      <p>{told(statement)}</p>
      {advice === null ? null : (
        <p class="advice">
          <strong>{currentLanguage() === "en" ? advice.text : advice.text_zh}</strong>
          {advice.until_ms === null ? null : (
            <span class="age"> {translate("greenhouse_advice_until", { time: dateTimeText(advice.until_ms) })}</span>
          )}
        </p>
      )}
      <p class="note">
        {[
          basis === "as_yesterday" ? translate("greenhouse_as_yesterday") : "",
          estimated ? translate("greenhouse_surface_estimated") : "",
          record.n === 0
            ? translate("greenhouse_record_none")
            : translate("greenhouse_record", {
                n: numberText(record.n, 0),
                right: numberText(record.right, 0),
                missed: numberText(record.missed, 0),
                wrong: numberText(record.false_alarms, 0),
              }),
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

function told({ occurs, value, unit, start_ms, end_ms, reason }: Statement): string {
  if (value === null || occurs === null) return reasonText(reason);
  const amount = withUnit(value, unit);
  if (start_ms === null || end_ms === null) return amount;
  return translate("name_and_text", { name: amount, text: windowText(start_ms, end_ms) });
}
