// The next 24 hours: a card for each greenhouse and field, the one with the most trouble first.

import "../i18n/tonight";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { prefetch, useApi } from "../api/query";
import { hrefOf } from "../app/address";
import { isPhone, useTurns } from "../app/turns";
import { translate } from "../i18n/translate";
import { RecallText, StatementCard, type Recall } from "../today/statement_card";
import { Loaded, Working } from "../ui/loaded";

const FIRST = 6;
const PAGE = 24;
const EVERY_MS = 60_000;
/** While something cannot be told yet: the history of a new farm is on its way. */
const UNKNOWN_EVERY_MS = 15_000;

/** Ask for the first cards before they are displayed. */
export function prefetchTonight(): void {
  prefetch("/v1/tonight", { query: { limit: FIRST } });
}

/** `onSettled` is called once all cards are drawn, or there is a reason why not; `waits` is true while what stands above them is awaited. */
export function TonightCards({ waits, onSettled }: { waits: boolean; onSettled: () => void }): JSX.Element {
  const [pages, setPages] = useState<(string | null)[]>([null]);
  const [isWhole, setWhole] = useState(false);
  const cursor = pages.at(-1) ?? null;
  const query = { limit: isWhole ? PAGE : FIRST, ...(cursor === null ? {} : { cursor }) };
  const [isUnknown, setUnknown] = useState(false);
  const state = useApi("/v1/tonight", { query }, { everyMs: isUnknown ? UNKNOWN_EVERY_MS : EVERY_MS, keep: true });
  const someUnknown = (state.data?.items ?? []).some(({ level }) => level === "unknown");
  useEffect(() => setUnknown(someUnknown), [someUnknown]);
  const count = state.data?.items.length ?? 0;
  // On a phone the next card is below the screen; elsewhere it would push down what is displayed already.
  const drawn = useTurns(waits ? 0 : count, isPhone() ? 1 : FIRST);
  const isSettled = !waits && (state.data === undefined ? state.error !== null : drawn >= count);
  useEffect(() => {
    if (isSettled) onSettled();
  }, [isSettled]);
  const first = (pages.length - 1) * PAGE;
  if (waits) return <Working />;
  return (
    <section class="tonight" data-panel="tonight">
      <h2>{translate("tonight_title")}</h2>
      <Loaded state={state}>
        {({ items, recalls, total, next }) => (
          <>
            <Recalls recalls={recalls} />
            {items.length === 0 ? <p class="note">{translate("tonight_none")}</p> : null}
            <div class="tonight-cards">
              {items.slice(0, drawn).map((card) => (
                <StatementCard key={`${card.kind} ${card.id}`} card={card} />
              ))}
            </div>
            {total > FIRST && drawn >= count ? (
              <div class="buttons">
                {isWhole ? (
                  <>
                    <button type="button" class="secondary" disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>
                      {translate("tonight_previous")}
                    </button>
                    <span class="note">{translate("tonight_page", { first: first + 1, last: first + items.length, n: total })}</span>
                    <button type="button" class="secondary" disabled={next === null} onClick={() => setPages([...pages, next])}>
                      {translate("tonight_next")}
                    </button>
                  </>
                ) : (
                  <button type="button" class="secondary" onClick={() => setWhole(true)}>
                    {translate("tonight_all", { n: total })}
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

/** What is to be recalled, of all places; what somebody has acknowledged is on the card of its place alone. */
function Recalls({ recalls }: { recalls: readonly Recall[] }): JSX.Element | null {
  const open = recalls.filter(({ acknowledged_ms }) => acknowledged_ms === null);
  if (open.length === 0) return null;
  return (
    <section class="card" data-panel="recalls" role="alert">
      <h3 class="error">{translate("tonight_recalls", { n: open.length })}</h3>
      <ul class="plain-list">
        {open.map((recall) => (
          <li key={recall.treatment} data-recall={recall.treatment}>
            <RecallText recall={recall} />
          </li>
        ))}
      </ul>
      <p>
        <a href={hrefOf("alarms")}>{translate("tonight_recalls_acknowledge")}</a>
      </p>
    </section>
  );
}
