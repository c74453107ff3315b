// What was harvested within the interval of a treatment, on the page of its lot and at the treatment, with the recall.

import "../i18n/harvest";
import type { JSX } from "preact";
import { hrefOfThing } from "../app/address";
import { translate } from "../i18n/translate";
import { LazyFold } from "../ui/lazy";
import type { LotHistory, TreatmentCheck } from "./records";

type Breach = LotHistory["interval_breaches"][number];

/** What stands of the intervals of a lot; nothing for one that no treatment on record touches. */
export function LotBreaches({ history }: { history: LotHistory }): JSX.Element | null {
  const { interval_breaches: breaches, intervals_unknown: unknown } = history;
  if (breaches.length === 0 && unknown.length === 0) return null;
  const isBreached = history.lot.interval_state === "breached";
  return (
    <section class="card" data-panel="breaches" data-interval={history.lot.interval_state} role={isBreached ? "alert" : undefined}>
      {isBreached ? (
        <>
          <h2 class="error">{translate("harvest_breached")}</h2>
          <p>{translate("harvest_breached_do")}</p>
        </>
      ) : null}
      <ul class="plain-list">
        {breaches.map((breach) => (
          <li key={`${breach.kind}-${breach.treatment}-${breach.product}-${breach.harvest}`} class={isFood(breach) ? "error" : ""}>
            {breachText(breach)}
          </li>
        ))}
        {[...new Set(unknown.map(({ product }) => product))].map((product) => (
          <li key={product} class="note">
            {translate("harvest_interval_unknown", { product })}
          </li>
        ))}
      </ul>
      {[...new Map(breaches.filter(isFood).map((breach) => [breach.treatment, breach])).values()].map((breach) => (
        <RecallFold key={breach.treatment} treatment={breach.treatment} product={breach.product} />
      ))}
    </section>
  );
}

/** The lots that were harvested within the intervals of a treatment, and their recall. */
export function TreatmentBreaches({ check, product }: { check: TreatmentCheck; product: string }): JSX.Element | null {
  if (check.lots_within === 0) return null;
  return (
    <section class="stack" data-panel="breaches" role="alert">
      <p class="error">{translate("harvest_within", { count: check.lots_within })}</p>
      <p>
        {check.lots.map(({ id, code }) => (
          <span key={id}>
            <a href={hrefOfThing({ kind: "lot", id })}>{code}</a>{" "}
          </span>
        ))}
      </p>
      <RecallFold treatment={check.treatment} product={product} />
    </section>
  );
}

function RecallFold({ treatment, product }: { treatment: string; product: string }): JSX.Element {
  return (
    <LazyFold
      title={translate("harvest_recall_of", { product })}
      load={async () => (await import("./recall")).RecallOf}
      props={{ kind: "treatment", id: treatment }}
    />
  );
}

function isFood({ kind }: Breach): boolean {
  return kind === "pre_harvest";
}

function breachText(breach: Breach): string {
  const { product, treated_on, harvested_on, place, entered_late } = breach;
  const values = { product, treated: treated_on, harvested: harvested_on, place, end: breach.ends_on ?? "" };
  const text = translate(isFood(breach) ? "harvest_breach" : "harvest_breach_entry", values);
  return entered_late ? `${text} ${translate("harvest_entered_late")}` : text;
}
