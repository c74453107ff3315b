// Texts of rules on the weather to come and of their alarms: when, how likely, who said so and when, and the licence.

import "../i18n/alarms";
import type { ListItem } from "../api/client";
import { dateTimeText, windowText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";

export type AlarmForecast = NonNullable<ListItem<"/v1/alarms">["forecast"]>;

/** Return the chance that a forecast is beyond the limit, or why there is none. */
function chanceText({ chance_pct: chance, least_chance_pct: least }: AlarmForecast): string {
  if (least === null) return translate("forecast_by_value");
  if (chance === null) return translate("forecast_no_chance");
  return translate("forecast_chance", { chance: numberText(chance, 0), least: numberText(least, 0) });
}

/** Return when a forecast value is, its chance, its source, its age and the attribution that the licence asks for. */
export function forecastText(forecast: AlarmForecast): string {
  const { start_ms, end_ms, basis, title, issued_ms, fetched_ms, attribution } = forecast;
  const said = issued_ms ?? fetched_ms;
  const issued = said == null ? "" : translate(issued_ms == null ? "forecast_read" : "forecast_issued", { when: dateTimeText(said) });
  const credit = attribution == null ? "" : currentLanguage() === "en" ? attribution.text : attribution.text_zh;
  return [
    windowText(start_ms, end_ms),
    chanceText(forecast),
    translate(basis === "corrected" ? "forecast_corrected" : "forecast_of", { title: title ?? "" }),
    issued,
    credit,
  ]
    .filter(Boolean)
    .join(" · ");
}
