// What opens below a row of today: all that is known of its house or field, and the way to its page.

import type { JSX } from "preact";
import { useApi } from "../api/query";
import { hrefOfThing } from "../app/address";
import { translate } from "../i18n/translate";
import "../i18n/today";
import { Loaded } from "../ui/loaded";
import type { Subject } from "./records";
import { StatementCard } from "./statement_card";

const EVERY_MS = 60_000;

export function RowRest({ subject }: { subject: Subject }): JSX.Element {
  const state = useApi("/v1/tonight", { query: { subject: subject.id, limit: 1 } }, { everyMs: EVERY_MS });
  return (
    <Loaded state={state}>
      {({ items }) =>
        items
          .filter(({ id }) => id === subject.id)
          .map((card) => (
            <div key={card.id}>
              <StatementCard card={card} />
              <p>
                <a href={hrefOfThing(subject)}>{translate("today_to", { name: card.name })}</a>
              </p>
            </div>
          ))
      }
    </Loaded>
  );
}
