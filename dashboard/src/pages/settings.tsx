// Page of the settings: this browser, houses with their zones and devices, gateways, keys and members.

import "../i18n/cooperative";
import "../i18n/settings";
import type { JSX } from "preact";
import { mountComponent, useChoice } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { CropBands } from "../settings/crop_bands";
import { Gateways } from "../settings/gateways";
import { Keys } from "../settings/keys";
import { Houses } from "../settings/houses";
import { Preferences } from "../settings/preferences";
import { Sites } from "../settings/sites";
import { may } from "../api/may";
import { currentSession } from "../api/session";
import { Tabs, type Tab, type TabOfParts } from "../ui/tabs";

function SettingsPage(): JSX.Element {
  const [tab, setTab] = useChoice("tab", "browser");
  const session = currentSession();
  const tabs: (Tab | TabOfParts)[] = [
    { id: "browser", title: translate("settings_browser"), content: () => <Preferences /> },
    {
      id: "places",
      title: translate("settings_places"),
      parts: [
        { id: "houses", title: translate("settings_houses"), content: () => <Houses /> },
        { id: "bands", title: translate("settings_bands"), content: () => <CropBands /> },
        { id: "sites", title: translate("settings_sites"), content: () => <Sites /> },
        ...(may("get", "/v1/forecast-providers")
          ? [
              {
                id: "forecasts",
                title: translate("settings_forecasts"),
                content: () => <Lazy load={async () => (await import("../settings/forecast_providers")).ForecastProviders} props={{}} />,
              },
            ]
          : []),
        ...(may("post", "/v1/map-sources")
          ? [
              {
                id: "maps",
                title: translate("settings_maps"),
                content: () => <Lazy load={async () => (await import("../settings/map_sources")).MapSources} props={{}} />,
              },
            ]
          : []),
      ],
    },
    ...(may("get", "/v1/keys") ? [{ id: "access", title: translate("settings_access"), parts: access() }] : []),
    // Whoever signed in as a person: a pilot has no page of the cooperative.
    ...(session?.person
      ? [
          {
            id: "data",
            title: translate("settings_own_data"),
            content: () => <Lazy load={async () => (await import("../cooperative/own")).OwnData} props={{}} />,
          },
        ]
      : []),
  ];
  return (
    <div class="page settings">
      <h1>{translate("page_settings")}</h1>
      <Tabs name={translate("page_settings")} tabs={tabsInView("settings", tabs, tab)} open={tab} onOpen={setTab} />
      {may("get", "/v1/keys") ? null : <p class="note">{translate("settings_admin_only")}</p>}
    </div>
  );
}

function access(): Tab[] {
  return [
    { id: "gateways", title: translate("settings_gateways"), content: () => <Gateways /> },
    ...(may("get", "/v1/sample-logins")
      ? [
          {
            id: "senders",
            title: translate("settings_senders"),
            content: () => <Lazy load={async () => (await import("../settings/senders")).Senders} props={{}} />,
          },
        ]
      : []),
    { id: "keys", title: translate("settings_keys"), content: () => <Keys /> },
    ...(may("get", "/v1/members")
      ? [
          {
            id: "members",
            title: translate("coop_people"),
            content: () => (
              <Lazy load={async () => (await import("../people/people_list")).People} props={{ admin: may("post", "/v1/people") }} />
            ),
          },
        ]
      : []),
  ];
}

export const mount = mountComponent(SettingsPage);
