// Page of the weather: the sites, or one with its forecast, what was said before, and what was measured.

import "../i18n/weather";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { inUse, type SiteRecord } from "../api/registry";
import { hrefOf, hrefOfThing } from "../app/address";
import { mountComponent, useView } from "../app/mount";
import { chosenOf, onlyOf } from "../components/choice";
import { siteText } from "../i18n/device_names";
import { translate } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { Loaded } from "../ui/loaded";
import { NotFound } from "../ui/not_found";
import { SiteWeather } from "../weather/site_weather";

export const mount = mountComponent(WeatherPage);

function WeatherPage(): JSX.Element {
  const id = useView().route.parts[0];
  const sites = useApiList("/v1/sites", {});
  return (
    <Loaded state={sites}>
      {(list) => {
        const used = inUse(list);
        const site = chosenOf(list, id, onlyOf(used));
        if (site !== undefined) return <OneSite site={site} isOnly={used.length <= 1} />;
        if (id !== undefined) return <NotFound kind="site" id={id} back={{ href: hrefOf("weather"), text: translate("page_weather") }} />;
        return <AllSites sites={used} />;
      }}
    </Loaded>
  );
}

function OneSite({ site, isOnly }: { site: SiteRecord; isOnly: boolean }): JSX.Element {
  return (
    <>
      <div class="page-head">
        {isOnly ? null : <a href={hrefOf("weather")}>{translate("page_weather")}</a>}
        <h1>{isOnly ? `${translate("page_weather")} · ${siteText(site.name)}` : siteText(site.name)}</h1>
      </div>
      <SiteWeather key={site.id} site={site} />
    </>
  );
}

function AllSites({ sites }: { sites: readonly SiteRecord[] }): JSX.Element {
  return (
    <section class="card" data-panel="weather-sites">
      <h1>{translate("page_weather")}</h1>
      {sites.length === 0 ? (
        <Empty text={translate("weather_none")} link={{ href: hrefOf("settings", { tab: "sites" }), text: translate("weather_sites") }} />
      ) : (
        <ul class="rows">
          {sites.map((site) => (
            <li key={site.id}>
              <a href={hrefOfThing({ kind: "weather", site: site.id })}>{siteText(site.name)}</a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
