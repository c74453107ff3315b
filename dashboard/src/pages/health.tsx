// Page of the data: import of files, gateways with their sources, silent sensors and why, losses of the store, and the quarantine.

import { NotFound } from "../ui/not_found";
import { hrefOf } from "../app/address";
import "../i18n/health";
import "../i18n/imports";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { mountComponent, useChoice, useView } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { ImportsPanel } from "../imports/imports_panel";
import { GatewayCard } from "../health/gateway_card";
import { Quarantine } from "../health/quarantine";
import { SilentSensors } from "../health/silent_sensors";
import { StoreLosses } from "../health/store_losses";
import { StoreSpace } from "../health/store_space";
import { translate } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { Tabs } from "../ui/tabs";

const REFRESH_MS = 5000;

function HealthPage(): JSX.Element {
  const [tab, setTab] = useChoice("tab", "link");
  const tabs = [
    { id: "link", title: translate("health_link"), content: () => <Link /> },
    { id: "import", title: translate("import_title"), content: () => <ImportsPanel /> },
  ];
  return (
    <div class="page">
      <h1>{translate("page_health")}</h1>
      <Tabs name={translate("page_health")} tabs={tabsInView("health", tabs, tab)} open={tab} onOpen={setTab} />
    </div>
  );
}

function Link(): JSX.Element {
  const gateways = useApiList("/v1/gateways", {}, { everyMs: REFRESH_MS });
  const asked = useView().route.query.get("gateway");
  // A server without ingest has no gateways.
  const none = gateways.failure?.status === 404 || gateways.data?.length === 0;
  return (
    <>
      <p class="note">{translate("health_about")}</p>
      <StoreSpace />
      <LazyFold
        class="card note-fold"
        title={translate("health_kept")}
        load={async () => (await import("../health/kept_records")).KeptRecords}
        props={{}}
      />
      {none ? (
        <Empty
          text={translate("health_no_gateways")}
          link={{ href: hrefOf("settings", { tab: "gateways" }), text: translate("health_register") }}
        />
      ) : (
        <Loaded state={gateways}>
          {(items) => (
            <>
              {asked === null || items.some(({ id }) => id === asked) ? null : (
                <NotFound kind="gateway" id={asked} back={{ href: hrefOf("health"), text: translate("page_health") }} />
              )}
              <StoreLosses gateways={items} />
              <SilentSensors gateways={items} />
              <div class="cards">
                {items.map((gateway) => (
                  <GatewayCard key={gateway.id} gateway={gateway} isAsked={gateway.id === asked} />
                ))}
              </div>
            </>
          )}
        </Loaded>
      )}
      <Quarantine />
    </>
  );
}

export const mount = mountComponent(HealthPage);
