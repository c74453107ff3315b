// The weather of a field: which hours suit the work, and the way to the weather of its site.

import "../i18n/answers";
import "./answers.css";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { hrefOfThing } from "../app/address";
import { translate } from "../i18n/translate";
import { WeatherWindow } from "./weather_window";

export function FieldWeather({ field, site }: { field: string; site: string | null }): JSX.Element {
  return (
    <div class="page">
      <WeatherWindow field={field} />
      {site === null ? <p class="note">{translate("answers_field_site")}</p> : <SiteLink site={site} />}
    </div>
  );
}

/** What is forecast for the site and what it measured has an address of its own. */
function SiteLink({ site }: { site: string }): JSX.Element {
  const record = useApi("/v1/sites/{thing}", { path: { thing: site } }).data;
  return (
    <p>
      <a class="button" href={hrefOfThing({ kind: "weather", site })}>
        {translate("answers_weather_of", { site: record?.name ?? "" })}
      </a>
    </p>
  );
}
