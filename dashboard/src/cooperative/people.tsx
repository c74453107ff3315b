// People of the cooperative with the fields that they hold, and the import of a table after a preview.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { reload, useApiList } from "../api/query";
import type { ListItem } from "../api/client";
import { ApiError, errorText, request } from "../api/request";
import { term, translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { Loaded, Working } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { Table, type Column } from "../ui/table";

type Person = ListItem<"/v1/people">;
type Holding = ListItem<"/v1/holdings">;

interface Seen {
  people: Person[];
  holdings: Holding[];
  known: number;
  faults: { row: number; detail: string }[];
}

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_FAULTS = 50;
const TIMEOUT_MS = 120_000;

export function People({ admin }: { admin: boolean }): JSX.Element {
  const people = useApiList("/v1/people", {});
  const holdings = useApiList("/v1/holdings", {});
  const fields = useApiList("/v1/fields", {});
  const fieldNames = new Map((fields.data ?? []).map(({ id, name }) => [id, name]));
  const held = (person: Person): string =>
    (holdings.data ?? [])
      .filter((holding) => holding.person === person.id)
      .map((holding) => `${fieldNames.get(holding.field) ?? "—"} ${holding.parts}/${holding.of_parts}`)
      .join(" · ");
  const columns: Column<Person>[] = [
    { key: "name", head: translate("coop_person"), cell: (person) => person.name, sortBy: (person) => person.name },
    { key: "number", head: translate("coop_number"), cell: (person) => person.number || "—", sortBy: (person) => person.number ?? "" },
    { key: "role", head: translate("coop_role"), cell: (person) => term("person_roles", person.role ?? "member") },
    {
      key: "contacts",
      head: translate("coop_contacts"),
      cell: (person) =>
        (person.contacts ?? []).map(({ channel, address }) => `${term("contact_channels", channel)} ${address}`).join(" · "),
    },
    { key: "held", head: translate("coop_holdings"), cell: held },
  ];
  return (
    <section class="card" data-panel="people">
      <Loaded state={people}>
        {(items) => (
          <Table
            name={translate("coop_people")}
            rows={items}
            columns={columns}
            keyOf={(person) => person.id ?? ""}
            searchIn={(person) => `${person.name} ${person.number}`}
            sorted={{ key: "name" }}
            empty={<p class="note">{translate("coop_no_people")}</p>}
          />
        )}
      </Loaded>
      {admin ? <ImportPeople /> : null}
    </section>
  );
}

function ImportPeople(): JSX.Element {
  const [file, setFile] = useState<File | null>(null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const send = async (chosen: File, dryRun: boolean): Promise<Seen | null> => {
    setBusy(true);
    setError("");
    try {
      return await request<Seen>("/v1/people/import", { method: "POST", body: chosen, timeoutMs: TIMEOUT_MS, query: { dry_run: dryRun } });
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown.message : (errorText(thrown) ?? ""));
      return null;
    } finally {
      setBusy(false);
    }
  };
  const look = async (chosen: File): Promise<void> => {
    setFile(chosen);
    setSeen(await send(chosen, true));
  };
  const store = async (): Promise<void> => {
    if (file === null || (await send(file, false)) === null) return;
    setSeen(null);
    showToast(translate("coop_import_done"));
    await reload("/v1/people", "/v1/holdings");
  };
  return (
    <div class="stack">
      <h2>{translate("coop_import")}</h2>
      <p class="note">{translate("coop_import_about")}</p>
      <DropFile types={[".csv", ".txt"]} maxBytes={MOST_BYTES} disabled={busy} onFiles={([chosen]) => chosen && void look(chosen)} />
      {busy ? <Working /> : null}
      {error === "" ? null : (
        <p class="error" role="alert">
          {error}
        </p>
      )}
      {seen === null ? null : (
        <div role="status">
          <p>{translate("coop_import_seen", { people: seen.people.length, holdings: seen.holdings.length, known: seen.known })}</p>
          <ul class="errors">
            {seen.faults.slice(0, MOST_FAULTS).map(({ row, detail }) => (
              <li key={`${row} ${detail}`}>{translate("coop_import_row", { row, detail })}</li>
            ))}
          </ul>
          <button
            type="button"
            class="primary"
            data-act="store"
            disabled={busy || seen.faults.length > 0 || seen.people.length + seen.holdings.length === 0}
            onClick={() => void store()}
          >
            {translate("coop_import_store")}
          </button>
        </div>
      )}
    </div>
  );
}
