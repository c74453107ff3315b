// Who said a forecast and when, that it is simulated, and the sentence of its licence: it stands wherever a number of it is.

import "../i18n/weather";
import type { JSX } from "preact";
import { useNow } from "../app/mount";
import { ageText, dateTimeText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { channelName, listText, translate } from "../i18n/translate";

/** What every answer with a forecast has of its source. */
export interface Source {
  basis: string;
  title?: string | null;
  title_zh?: string | null;
  simulated: boolean;
  issued_ms: number | null;
  fetched_ms: number | null;
  /** Which quantities the site's own station corrects; where an answer says nothing of it, its basis counts. */
  corrections?: readonly { quantity: string; state: string }[];
  attribution: { text: string; text_zh: string; licence: string; url: string } | null;
}

const EVERY_MS = 30_000;
/** What is simulated is nobody's: it has no licence and no page. */
const UNLICENSED = "none";

/** `named`: the provider's name stands before, as in the sentence of the answer. */
export function ForecastSource({ source, named = false }: { source: Source; named?: boolean }): JSX.Element | null {
  const now = useNow(EVERY_MS);
  const isEnglish = currentLanguage() === "en";
  const { attribution, fetched_ms: fetchedMs, issued_ms: issuedMs } = source;
  if (attribution === null || fetchedMs === null) return null;
  const saidMs = issuedMs ?? fetchedMs;
  const when = translate(issuedMs === null ? "weather_read" : "weather_issued", { time: dateTimeText(saidMs), age: ageText(now - saidMs) });
  const title = isEnglish ? source.title : (source.title_zh ?? source.title);
  return (
    <p class="note" data-forecast-source={source.basis}>
      {title && !named ? translate("name_and_text", { name: title, text: when }) : when}{" "}
      {source.simulated ? <span class="badge">{translate("simulated")}</span> : null} {basisText(source)}{" "}
      <span data-attribution>{isEnglish ? attribution.text : attribution.text_zh}</span>{" "}
      {attribution.licence === UNLICENSED ? null : (
        <a href={attribution.url} rel="noreferrer" target="_blank">
          {attribution.licence}
        </a>
      )}
    </p>
  );
}

/** States in which a quantity is corrected, at all or at most hours ahead. */
const CORRECTED = new Set(["corrected", "partly_worse"]);

function basisText({ basis, corrections }: Source): string {
  if (basis !== "corrected") return translate("weather_basis_provider");
  const names = (corrections ?? []).filter(({ state }) => CORRECTED.has(state)).map(({ quantity }) => channelName(quantity));
  return names.length === 0 ? translate("weather_basis_corrected") : translate("weather_basis_corrected_of", { names: listText(names) });
}
