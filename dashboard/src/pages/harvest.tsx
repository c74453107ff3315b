// Page of harvests: record one, the lots with their certificates, and plant protection.

import "../i18n/harvest";
import type { JSX } from "preact";
import { mountComponent, useChoice, useView } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { HarvestForm } from "../harvest/harvest_form";
import { LotView } from "../harvest/lot_view";
import { CertificateRegister, LotsTable } from "../harvest/lots_table";
import { ProductsPanel } from "../harvest/products_panel";
import { TreatmentsPanel } from "../harvest/treatments_panel";
import { translate } from "../i18n/translate";
import { Tabs } from "../ui/tabs";

export const mount = mountComponent(HarvestPage);

function HarvestPage(): JSX.Element {
  const lot = useView().route.parts[0];
  return lot === undefined ? <Overview /> : <LotView id={lot} />;
}

function Overview(): JSX.Element {
  const [tab, setTab] = useChoice("tab", "harvest");
  const tabs = [
    { id: "harvest", title: translate("harvest_record"), content: () => <HarvestForm /> },
    {
      id: "stock",
      title: translate("harvest_lots"),
      parts: [
        { id: "lots", title: translate("harvest_lots"), content: () => <LotsTable /> },
        { id: "certificates", title: translate("harvest_register"), content: () => <CertificateRegister /> },
      ],
    },
    {
      id: "protection",
      title: translate("harvest_protection"),
      content: () => (
        <>
          <h2>{translate("harvest_treatments")}</h2>
          <TreatmentsPanel place={{}} />
          <ProductsPanel />
        </>
      ),
    },
  ];
  return (
    <>
      <h1>{translate("page_harvest")}</h1>
      <Tabs name={translate("page_harvest")} tabs={tabsInView("harvest", tabs, tab)} open={tab} onOpen={setTab} />
    </>
  );
}
