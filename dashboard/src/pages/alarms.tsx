// Page of the alarms: what is active, the rules, who is notified, pauses, and the history.

import "../i18n/alarms";
import "../i18n/settings";
import type { JSX } from "preact";
import { ActiveAlarms } from "../alarms/active_alarms";
import { AlarmHistory } from "../alarms/history";
import { Recipients } from "../alarms/recipients";
import { Rules } from "../alarms/rules";
import { Silences } from "../alarms/silences";
import { mountComponent, useChoice } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { Tabs } from "../ui/tabs";

function AlarmsPage(): JSX.Element {
  const [tab, setTab] = useChoice("tab", "active");
  const tabs = [
    {
      id: "active",
      title: translate("alarms_active"),
      parts: [
        { id: "now", title: translate("alarms_now"), content: () => <ActiveAlarms /> },
        { id: "history", title: translate("alarms_history"), content: () => <AlarmHistory /> },
      ],
    },
    { id: "rules", title: translate("alarms_rules"), content: () => <Rules /> },
    {
      id: "told",
      title: translate("alarms_told"),
      parts: [
        {
          id: "connect",
          title: translate("alarms_connect_step"),
          content: () => <Lazy load={async () => (await import("../alarms/connect")).Connect} props={{}} />,
        },
        { id: "recipients", title: translate("alarms_recipients"), content: () => <Recipients /> },
        {
          id: "duty",
          title: translate("alarms_duty"),
          content: () => <Lazy load={async () => (await import("../alarms/duty")).Duty} props={{}} />,
        },
        { id: "silence", title: translate("alarms_silence"), content: () => <Silences /> },
      ],
    },
  ];
  return (
    <div class="page">
      <h1>{translate("page_alarms")}</h1>
      <Tabs name={translate("page_alarms")} tabs={tabsInView("alarms", tabs, tab)} open={tab} onOpen={setTab} />
    </div>
  );
}

export const mount = mountComponent(AlarmsPage);
