// The weather of a site: what is forecast, what was said before and came of it, and what its own station measured.

import "../i18n/weather";
import "../answers/answers.css";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { WeatherPanel } from "../answers/weather_panel";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi } from "../api/query";
import type { SiteRecord } from "../api/registry";
import { hrefOf } from "../app/address";
import { useView } from "../app/mount";
import { siteText } from "../i18n/device_names";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { Loaded } from "../ui/loaded";
import { DaySums } from "./day_sums";
import { ForecastRecord } from "./forecast_record";
import { ForecastSource } from "./forecast_source";
import { NextHours, type Forecast } from "./next_hours";
import { SaidAndMeasured } from "./said_and_measured";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAYS = 7;
const EVERY_MS = 300_000;

export function SiteWeather({ site }: { site: SiteRecord }): JSX.Element {
  const view = useView();
  useEffect(() => view.setTitle(`${translate("page_weather")} · ${siteText(site.name)}`), [view, site.name]);
  const hours = useApi("/v1/sites/{site}/weather-forecast/hours", { path: { site: site.id } }, { everyMs: EVERY_MS });
  const endMs = useMemo(() => Math.floor(nowMs() / HOUR_MS) * HOUR_MS, [site.id]);
  return (
    <div class="page">
      <section class="card" data-panel="weather-next">
        <h2>{translate("weather_next")}</h2>
        <Loaded state={hours}>
          {(forecast) => (forecast.hours.length === 0 ? <Nothing forecast={forecast} /> : <Told forecast={forecast} />)}
        </Loaded>
      </section>
      {hours.data === undefined || hours.data.reason === "off" ? null : (
        <>
          <SaidAndMeasured site={site.id} />
          <ForecastRecord site={site.id} />
        </>
      )}
      <section class="card" data-panel="weather">
        <h2>{translate("weather_measured")}</h2>
        <WeatherPanel site={site.id} startMs={endMs - DAYS * DAY_MS} endMs={endMs} group="site-weather" />
      </section>
    </div>
  );
}

function Told({ forecast }: { forecast: Forecast }): JSX.Element {
  return (
    <>
      <p role="status" data-forecast={forecast.basis}>
        {currentLanguage() === "en" ? forecast.text : forecast.text_zh}
      </p>
      <ForecastSource source={forecast} named />
      <DaySums hours={forecast.hours} />
      <NextHours forecast={forecast} />
    </>
  );
}

/** Why there is no forecast, with the way to change it. */
function Nothing({ forecast }: { forecast: Forecast }): JSX.Element {
  const text = currentLanguage() === "en" ? forecast.text : forecast.text_zh;
  const isPlace = forecast.reason === "no_position";
  const link = isPlace
    ? { href: hrefOf("settings", { tab: "sites" }), text: translate("weather_place") }
    : { href: hrefOf("settings", { tab: "forecasts" }), text: translate("weather_settings") };
  const isLinked = isPlace || may("get", "/v1/forecast-providers");
  return (
    <div data-forecast="nothing" data-reason={forecast.reason ?? ""}>
      <Empty text={text} {...(isLinked ? { link } : {})} />
    </div>
  );
}
