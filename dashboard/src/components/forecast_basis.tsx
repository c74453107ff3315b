// What a greenhouse's forecast rests on, with the attribution that the licence of its weather forecast asks for.

import type { JSX } from "preact";
import type { Body } from "../api/client";
import { currentLanguage } from "../i18n/preferences";

export type ForecastBasis = Body<"/v1/greenhouses/{device}/forecast">["basis"];

/** What is simulated is nobody's: it has no licence and no page. */
const UNLICENSED = "none";

export function BasisText({ basis }: { basis: ForecastBasis }): JSX.Element {
  const isEnglish = currentLanguage() === "en";
  const { attribution } = basis;
  return (
    <span data-basis={basis.basis}>
      {isEnglish ? basis.text : basis.text_zh}
      {attribution === null ? null : <span data-attribution> {isEnglish ? attribution.text : attribution.text_zh}</span>}
      {attribution === null || attribution.licence === UNLICENSED ? null : (
        <>
          {" "}
          <a href={attribution.url} rel="noreferrer" target="_blank">
            {attribution.licence}
          </a>
        </>
      )}
    </span>
  );
}
