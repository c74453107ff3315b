// Verdict on a pass: one sentence as the station says it, three figures with their definitions, and the way to fly the rest.

import "../i18n/field_pass";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { hrefOfThing } from "../app/address";
import { areaText, reasonText, shareText, withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";

export type Verdict = Body<"/v1/passes/{pass_id}/verdict">;

export function PassVerdict({ verdict, field }: { verdict: Verdict; field: string }): JSX.Element {
  const isEnglish = currentLanguage() === "en";
  const because = isEnglish ? verdict.because : verdict.because_zh;
  return (
    <section class="pass-verdict" data-panel="verdict" data-pass={verdict.pass_id} data-action={verdict.action ?? "none"}>
      <h2>{isEnglish ? verdict.text : verdict.text_zh}</h2>
      {because === "" ? null : <p class="note">{because}</p>}
      {verdict.action === "fly_rest" ? (
        <a class="button primary" data-act="fly-rest" href={hrefOfThing({ kind: "rest", field, pass: verdict.pass_id })}>
          {translate("pass_fly_rest", { n: verdict.strips ?? 0 })}
        </a>
      ) : null}
      <dl class="pass-figures">
        {figuresOf(verdict).map(({ name, value, part, is, alert }) => (
          <div key={name} class={alert ? "alert" : undefined}>
            <dt>{name}</dt>
            <dd class="figure">
              {value} <small>{part}</small>
            </dd>
            <dd class="note">{is}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

interface PassFigure {
  name: string;
  value: string;
  part: string;
  is: string;
  alert?: boolean;
}

function figuresOf(verdict: Verdict): PassFigure[] {
  const { covered_m2: covered, skipped_m2: skipped, field_m2: whole } = verdict;
  const share = (areaM2: number): string => (whole !== null && whole > 0 ? shareText(areaM2 / whole) : "");
  return [
    {
      name: translate("pass_covered"),
      value: covered === null ? "—" : areaText(covered),
      part: covered === null || whole === null ? "" : translate("pass_of", { whole: areaText(whole), share: share(covered) }),
      is: translate("pass_covered_is"),
    },
    {
      name: translate("pass_skipped"),
      value: skipped === null ? "—" : areaText(skipped),
      part: skipped === null ? "" : share(skipped),
      is: translate(verdict.state === "flying" ? "pass_skipped_later" : "pass_skipped_is"),
      alert: verdict.action !== null,
    },
    amountOf(verdict),
  ];
}

/** What was measured is applied; of a pump's command it is said that it is one. */
function amountOf({ amount, commanded }: Verdict): PassFigure {
  if (amount !== null && amount.value !== null) {
    const evidence = amount.evidence ? term("evidence", amount.evidence) : "";
    return {
      name: translate("pass_applied"),
      value: withUnit(amount.value, amount.unit, 2),
      part: evidence,
      is: translate("pass_applied_is"),
    };
  }
  if (amount !== null && commanded !== null) {
    const value = withUnit(commanded, amount.unit, 2);
    return { name: translate("pass_commanded"), value, part: "", is: translate("pass_commanded_is") };
  }
  return {
    name: translate("pass_applied"),
    value: "—",
    part: amount === null ? "" : reasonText(amount.reason),
    is: translate("pass_applied_none"),
  };
}
