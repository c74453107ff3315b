// Page of the cooperative: statements, people, disputes and subsidies; for a member the own ones.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { may } from "../api/may";
import { currentSession } from "../api/session";
import { mountComponent, useChoice } from "../app/mount";
import { Disputes } from "../cooperative/disputes";
import { OwnData, OwnFields, OwnStatements } from "../cooperative/own";
import { People } from "../cooperative/people";
import { Statements } from "../cooperative/statements";
import { Subsidies } from "../cooperative/subsidies";
import { translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { Tabs, type Tab } from "../ui/tabs";

function LazyDeliveries(props: { admin: boolean; own?: boolean }): JSX.Element {
  return <Lazy load={async () => (await import("../cooperative/deliveries")).Deliveries} props={props} />;
}

function CooperativePage(): JSX.Element {
  const [tab, setTab] = useChoice("tab", "statements");
  const session = currentSession();
  const tabs: Tab[] =
    session?.role === "member"
      ? [
          { id: "statements", title: translate("coop_statements"), content: () => <OwnStatements /> },
          { id: "deliveries", title: translate("coop_deliveries"), content: () => <LazyDeliveries admin={false} own /> },
          { id: "fields", title: translate("coop_plots"), content: () => <OwnFields /> },
          { id: "disputes", title: translate("coop_disputes"), content: () => <Disputes admin={false} /> },
          { id: "data", title: translate("coop_own_data"), content: () => <OwnData /> },
        ]
      : [
          { id: "statements", title: translate("coop_statements"), content: () => <Statements /> },
          { id: "people", title: translate("coop_people"), content: () => <People admin={may("post", "/v1/people")} /> },
          {
            id: "accounts",
            title: translate("coop_accounts"),
            content: () => (
              <Lazy load={async () => (await import("../cooperative/accounts")).Accounts} props={{ admin: may("post", "/v1/accounts") }} />
            ),
          },
          {
            id: "deliveries",
            title: translate("coop_deliveries"),
            content: () => <LazyDeliveries admin={may("post", "/v1/deliveries")} />,
          },
          {
            id: "disputes",
            title: translate("coop_disputes"),
            content: () => <Disputes admin={may("post", "/v1/disputes/{dispute}/outcome")} />,
          },
          { id: "subsidies", title: translate("coop_subsidies"), content: () => <Subsidies admin={may("post", "/v1/subsidy-rules")} /> },
        ];
  return (
    <>
      <h1>{translate("page_cooperative")}</h1>
      <Tabs name={translate("page_cooperative")} tabs={tabs} open={tab} onOpen={setTab} />
    </>
  );
}

export const mount = mountComponent(CooperativePage);
