// The weather of a field: which hours to come suit the work, frost and heat, which of the last hours did, and the way to its site's weather.

import "../i18n/answers";
import "../i18n/field_outlook";
import "../answers/answers.css";
import type { JSX } from "preact";
import { SiteLink } from "../answers/site_link";
import { WeatherWindow } from "../answers/weather_window";
import { useChoice } from "../app/mount";
import { translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { FieldOutlook } from "./field_outlook";
import { ForecastWindow, type Work } from "./forecast_window";

const WORKS = ["granular", "liquid"] as const;

export function FieldWeather({ field, site }: { field: string; site: string | null }): JSX.Element {
  const [chosen, choose] = useChoice("kind", "granular");
  const work: Work | undefined = WORKS.find((each) => each === chosen);
  return (
    <div class="page">
      <div class="choices-row">
        <Choice
          label={translate("answers_window_kind")}
          value={chosen}
          options={WORKS.map((value) => ({ value, text: translate(`answers_window_${value}`) }))}
          onChoose={choose}
        />
      </div>
      {work === undefined ? null : <ForecastWindow key={work} field={field} work={work} />}
      <FieldOutlook field={field} />
      {work === undefined ? null : <WeatherWindow field={field} work={work} />}
      {site === null ? <p class="note">{translate("answers_field_site")}</p> : <SiteLink site={site} />}
    </div>
  );
}
