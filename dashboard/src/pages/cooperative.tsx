// Page of the cooperative: statements, people, disputes and subsidies; for a member the own ones.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { may } from "../api/may";
import { currentSession } from "../api/session";
import { mountComponent, useChoice, useView } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { Disputes } from "../cooperative/disputes";
import { OwnData, OwnFields, OwnStatements } from "../cooperative/own";
import { People } from "../people/people_list";
import { Statements } from "../cooperative/statements";
import { Subsidies } from "../cooperative/subsidies";
import { translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { Tabs, type Tab, type TabOfParts } from "../ui/tabs";

function LazyDeliveries(props: { admin: boolean; own?: boolean }): JSX.Element {
  return <Lazy load={async () => (await import("../cooperative/deliveries")).Deliveries} props={props} />;
}

/** What had an address of its own before people were one list. */
const OF_PEOPLE = ["humans", "members", "recipients"];

function CooperativePage(): JSX.Element {
  const person = useView().route.parts[0];
  if (person === undefined) return <Headings />;
  const props = { id: person, admin: may("post", "/v1/people") };
  return <Lazy key={person} load={async () => (await import("../people/person_page")).PersonPage} props={props} />;
}

function Headings(): JSX.Element {
  const [asked, setTab] = useChoice("tab", "statements");
  const tab = OF_PEOPLE.includes(asked) ? "people" : asked;
  const session = currentSession();
  const tabs: (Tab | TabOfParts)[] =
    session?.role === "member"
      ? [
          { id: "statements", title: translate("coop_statements"), content: () => <OwnStatements /> },
          { id: "deliveries", title: translate("coop_deliveries"), content: () => <LazyDeliveries admin={false} own /> },
          { id: "fields", title: translate("coop_plots"), content: () => <OwnFields /> },
          { id: "disputes", title: translate("coop_disputes"), content: () => <Disputes admin={false} /> },
          { id: "data", title: translate("coop_own_data"), content: () => <OwnData /> },
        ]
      : [
          {
            id: "money",
            title: translate("coop_money"),
            parts: [
              { id: "statements", title: translate("coop_statements"), content: () => <Statements /> },
              {
                id: "disputes",
                title: translate("coop_disputes"),
                content: () => <Disputes admin={may("post", "/v1/disputes/{dispute}/outcome")} />,
              },
              {
                id: "subsidies",
                title: translate("coop_subsidies"),
                content: () => <Subsidies admin={may("post", "/v1/subsidy-rules")} />,
              },
            ],
          },
          { id: "people", title: translate("coop_people"), content: () => <People admin={may("post", "/v1/people")} /> },
          {
            id: "books",
            title: translate("coop_accounts"),
            parts: [
              {
                id: "accounts",
                title: translate("coop_accounts"),
                content: () => (
                  <Lazy
                    load={async () => (await import("../cooperative/accounts")).Accounts}
                    props={{ admin: may("post", "/v1/accounts") }}
                  />
                ),
              },
              {
                id: "deliveries",
                title: translate("coop_deliveries"),
                content: () => <LazyDeliveries admin={may("post", "/v1/deliveries")} />,
              },
            ],
          },
        ];
  return (
    <>
      <h1>{translate("page_cooperative")}</h1>
      <Tabs name={translate("page_cooperative")} tabs={tabsInView("cooperative", tabs, tab)} open={tab} onOpen={setTab} />
    </>
  );
}

export const mount = mountComponent(CooperativePage);
