// The analyses of a house: one open at a time, so that only what is looked at is computed.

import "../i18n/answers";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { useChoice } from "../app/mount";
import { translate } from "../i18n/translate";
import { tabsInView } from "../app/work_view";
import { Tabs, type Tab, type TabOfParts } from "../ui/tabs";
import "./answers.css";
import { ForecastPanel } from "./forecast_panel";
import { Compliance, Exchange, Irrigation, Uniformity, type HousePeriod } from "./house_answers";
import { SeasonsPanel, type SeasonHouse } from "./seasons_panel";
import { SiteLink } from "./site_link";
import { WeatherPanel } from "./weather_panel";

export interface HouseTabsProps {
  /** What the page displays. */
  period: HousePeriod;
  /** The record of the house; null where it is known by its device alone. */
  record: string | null;
  siteOfDevice: string | null;
  houses: readonly SeasonHouse[];
  group: string;
}

export function HouseTabs({ period, record, siteOfDevice, houses, group }: HouseTabsProps): JSX.Element {
  const [open, setOpen] = useChoice("analysis", "forecast");
  return (
    <>
      <h2>{translate("answers_title")}</h2>
      <Tabs
        name={translate("answers_title")}
        open={open}
        onOpen={setOpen}
        tabs={tabsInView<Tab | TabOfParts>(
          "greenhouse",
          [
            {
              id: "forecast",
              title: translate("answers_forecast"),
              content: () => <ForecastPanel key={period.house} house={period.house} />,
            },
            {
              id: "climate",
              title: translate("answers_climate"),
              parts: [
                { id: "compliance", title: translate("answers_compliance"), content: () => <Compliance period={period} /> },
                { id: "exchange", title: translate("answers_exchange"), content: () => <Exchange period={period} /> },
                { id: "uniformity", title: translate("answers_uniformity"), content: () => <Uniformity period={period} /> },
                {
                  id: "seasons",
                  title: translate("answers_seasons"),
                  content: () => <SeasonsPanel house={period.house} houses={houses} />,
                },
              ],
            },
            {
              id: "water",
              title: translate("answers_water"),
              parts: [
                { id: "irrigation", title: translate("answers_irrigation"), content: () => <Irrigation period={period} /> },
                {
                  id: "weather",
                  title: translate("answers_weather"),
                  content: () => <HouseWeather period={period} record={record} siteOfDevice={siteOfDevice} group={group} />,
                },
              ],
            },
          ],
          open,
        )}
      />
    </>
  );
}

function HouseWeather({ period, record, siteOfDevice, group }: Omit<HouseTabsProps, "houses">): JSX.Element | null {
  const houses = useApiList("/v1/greenhouses", {}, { enabled: record !== null });
  const site = houses.data?.find(({ id }) => id === record)?.site ?? siteOfDevice;
  if (record !== null && houses.data === undefined) return null;
  if (!site) return <p class="note">{translate("answers_weather_site")}</p>;
  return (
    <>
      <SiteLink site={site} />
      <WeatherPanel site={site} startMs={period.startMs} endMs={period.endMs} group={group} />
    </>
  );
}
