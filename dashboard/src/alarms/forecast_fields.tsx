// Fields of a rule on the weather to come: the hours ahead, the least chance and the site; and what such a rule says now.

import "../i18n/alarms";
import type { JSX } from "preact";
import type { ListItem } from "../api/client";
import { useApiList } from "../api/query";
import { quantityText, whatText, type RuleCondition } from "../components/alarm_text";
import { forecastText } from "../components/forecast_text";
import { siteText } from "../i18n/device_names";
import { collator } from "../i18n/formatters";
import { currentLanguage } from "../i18n/preferences";
import { forecastChannels } from "../i18n/quantities";
import { term, translate } from "../i18n/translate";
import { NumberField, SelectField } from "../ui/fields";

/** Precipitation's chance is the value itself. */
const CHANCE = "precipitation_chance_pct";
const USUAL_HOURS = 12;
const USUAL_CHANCE = 30;

export type ForecastStanding = ListItem<"/v1/forecast-rules">;

export function forecastOptions(): { value: string; text: string }[] {
  return forecastChannels()
    .map((value) => ({ value, text: whatText(value) }))
    .sort((a, b) => collator().compare(a.text, b.text));
}

export function ForecastFields({
  what,
  condition,
  site,
}: {
  what: string;
  condition: RuleCondition | null;
  site: string | null;
}): JSX.Element {
  const sites = useApiList("/v1/sites", {});
  const known = condition?.within_h != null;
  return (
    <>
      <div class="choices-row">
        <NumberField
          name="within_h"
          label={translate("alarms_within")}
          required
          min={1}
          max={72}
          step="any"
          value={condition?.within_h ?? USUAL_HOURS}
          unit={term("units", "h")}
        />
        {what === CHANCE ? null : (
          <NumberField
            name="chance_pct"
            label={translate("alarms_least_chance")}
            min={1}
            max={100}
            step="any"
            value={known ? (condition?.chance_pct ?? null) : USUAL_CHANCE}
            unit="%"
            hint={translate("alarms_least_chance_hint")}
          />
        )}
        <SelectField
          name="site"
          label={translate("alarms_site")}
          value={site ?? ""}
          options={(sites.data ?? []).filter(({ active }) => active !== false).map(({ name }) => ({ value: name, text: siteText(name) }))}
          none={translate("alarms_all_sites")}
        />
      </div>
      <p class="note">{translate(what.startsWith("wind_") ? "alarms_forecast_wind_about" : "alarms_forecast_about")}</p>
    </>
  );
}

/** What a rule on the weather to come says now at each site, or why it cannot be judged. */
export function ForecastStandings({ standings }: { standings: readonly ForecastStanding[] }): JSX.Element | null {
  if (standings.length === 0) return null;
  return (
    <ul class="plain-list" data-standing>
      {standings.map((standing) => (
        <li key={standing.site} data-state={standing.state}>
          <strong>{`${siteText(standing.site)}: ${translate(`forecast_state_${standing.state}`)}`}</strong>{" "}
          <span class="note">{[standing.simulated ? translate("simulated") : "", standingText(standing)].filter(Boolean).join(" · ")}</span>
        </li>
      ))}
    </ul>
  );
}

function standingText(standing: ForecastStanding): string {
  const { what, value, unit, forecast } = standing;
  const why = currentLanguage() === "en" ? standing.text : standing.text_zh;
  if (standing.state === "unknown" || value == null || forecast == null) return why;
  return `${whatText(what ?? "")} ${quantityText(value, unit ?? "", what ?? "")} · ${forecastText(forecast)}`;
}
