// What a greenhouse's forecast rests on, with the attribution that the licence of its weather forecast asks for.

import type { JSX } from "preact";
import type { Body } from "../api/client";
import { currentLanguage } from "../i18n/preferences";

export type ForecastBasis = Body<"/v1/greenhouses/{device}/forecast">["basis"];

export function BasisText({ basis }: { basis: ForecastBasis }): JSX.Element {
  const isEnglish = currentLanguage() === "en";
  const { attribution } = basis;
  return (
    <span data-basis={basis.basis}>
      {isEnglish ? basis.text : basis.text_zh}
      {attribution === null ? null : (
        <>
          {" "}
          <a href={attribution.url} rel="noreferrer" target="_blank" data-attribution>
            {isEnglish ? attribution.text : attribution.text_zh}
          </a>
        </>
      )}
    </span>
  );
}
