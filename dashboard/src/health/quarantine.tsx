// Messages that were refused, with the reason: try them again once the cause is corrected, or delete them.

import "../i18n/health";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { may } from "../api/may";
import { useWrite } from "../api/write";
import { dateTimeText } from "../i18n/instants";
import { englishOnly, term, translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { ErrorText } from "../ui/error_text";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { useOlder } from "../ui/show_older";
import { Table, type Column } from "../ui/table";
import type { QuarantinedMessage } from "./records";

const REFRESH_MS = 15_000;

export function Quarantine(): JSX.Element | null {
  const { limit, older } = useOlder();
  const messages = useApi("/v1/quarantine", { query: { limit } }, { everyMs: REFRESH_MS, keep: true });
  if (messages.failure?.status === 404) return null;
  const columns: Column<QuarantinedMessage>[] = [
    {
      key: "reason",
      head: translate("health_reason"),
      cell: (message) => term("refusals", message.reason),
      sortBy: (message) => message.reason,
    },
    {
      key: "time",
      head: translate("time"),
      cell: (message) => dateTimeText(message.last_seen_ms),
      sortBy: (message) => message.last_seen_ms,
    },
    {
      key: "gateway",
      head: term("device_kinds", "gateway"),
      cell: (message) => message.gateway ?? translate("unknown"),
      sortBy: (message) => message.gateway,
    },
    {
      key: "detail",
      head: translate("health_detail"),
      cell: (message) => englishOnly(message.detail.replace(`${message.reason}: `, "")) || message.topic,
    },
    { key: "count", head: translate("health_count"), number: true, cell: (message) => message.count, sortBy: (message) => message.count },
    { key: "do", head: translate("actions"), cell: (message) => <MessageActions message={message} /> },
  ];
  return (
    <section class="card" data-panel="quarantine">
      <h2>{translate("health_quarantine")}</h2>
      <p class="note">{translate("health_quarantine_about")}</p>
      <Loaded state={messages}>
        {({ items, next }) => (
          <>
            <Table
              name={translate("health_quarantine")}
              rows={items}
              columns={columns}
              keyOf={(message) => String(message.id)}
              sorted={{ key: "time", descending: true }}
              rowAttributes={(message) => ({ "data-refused": String(message.id) })}
              empty={<p class="note">{translate("health_quarantine_empty")}</p>}
            />
            {older(next, messages.busy)}
          </>
        )}
      </Loaded>
    </section>
  );
}

function MessageActions({ message }: { message: QuarantinedMessage }): JSX.Element | null {
  const replay = useWrite("post", "/v1/quarantine/{message}/replay", { refresh: ["/v1/quarantine"] });
  const drop = useWrite("delete", "/v1/quarantine/{message}", { refresh: ["/v1/quarantine"] });
  if (!may("post", "/v1/quarantine/{message}/replay")) return null;
  const params = { path: { message: message.id } };
  const retry = async (): Promise<void> => {
    noteSaved(await replay.run({ params }), translate("health_replay_requested"));
  };
  return (
    <>
      <button type="button" class="plain" disabled={replay.saving} onClick={() => void retry()}>
        {translate("health_replay")}
      </button>{" "}
      <AskedButton
        text={translate("health_delete")}
        question={{ title: translate("health_delete"), text: translate("health_delete_confirm"), action: translate("health_delete") }}
        write={drop}
        run={() => drop.run({ params })}
      />
      <ErrorText error={replay.error} inline />
    </>
  );
}
