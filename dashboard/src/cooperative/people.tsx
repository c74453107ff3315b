// People of the cooperative with the fields that they hold, and the import of a table after a preview.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { reload, useApiList } from "../api/query";
import type { ListItem } from "../api/client";
import { inUse } from "../api/registry";
import { term, translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";
import { TableImport, type SeenTable } from "./table_import";

type Person = ListItem<"/v1/people">;
type Holding = ListItem<"/v1/holdings">;

interface Seen extends SeenTable {
  people: Person[];
  holdings: Holding[];
  known: number;
}

export function People({ admin }: { admin: boolean }): JSX.Element {
  const people = useApiList("/v1/people", {});
  const holdings = useApiList("/v1/holdings", {});
  const fields = useApiList("/v1/fields", {});
  const [chosen, setChosen] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
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
    ...(admin
      ? [
          {
            key: "do",
            head: translate("actions"),
            cell: (person: Person) => (
              <button
                type="button"
                class="plain"
                aria-label={translate("coop_person_change_of", { name: person.name })}
                aria-pressed={chosen === person.id}
                onClick={() => setChosen(chosen === person.id ? null : (person.id ?? null))}
              >
                {translate("coop_person_change")}
              </button>
            ),
          },
        ]
      : []),
  ];
  const record = people.data?.find(({ id }) => id === chosen);
  return (
    <section class="card" data-panel="people">
      <Loaded state={people}>
        {(items) => {
          const left = items.filter(({ active }) => active === false);
          const table = (name: string, rows: Person[]): JSX.Element => (
            <Table
              name={name}
              rows={rows}
              columns={columns}
              keyOf={(person) => person.id ?? ""}
              searchIn={(person) => `${person.name} ${person.number}`}
              sorted={{ key: "name" }}
              empty={<p class="note">{translate("coop_no_people")}</p>}
            />
          );
          return (
            <>
              {table(translate("coop_people"), inUse(items))}
              {left.length === 0 ? null : (
                <details class="fold" data-fold="deactivated">
                  <summary>{translate("deactivated_count", { count: left.length })}</summary>
                  {table(translate("deactivated_count", { count: left.length }), left)}
                </details>
              )}
            </>
          );
        }}
      </Loaded>
      {admin && record ? (
        <Lazy
          key={record.id}
          load={async () => (await import("./person_record")).PersonRecord}
          props={{
            person: record,
            holdings: (holdings.data ?? []).filter(({ person }) => person === record.id),
            fields: fields.data ?? [],
            onClose: () => setChosen(null),
          }}
        />
      ) : null}
      {admin && adding ? (
        <Lazy
          load={async () => (await import("./person_form")).AddPerson}
          props={{
            people: people.data ?? [],
            onAdded: (id: string) => {
              setAdding(false);
              setChosen(id);
            },
            onCancel: () => setAdding(false),
          }}
        />
      ) : null}
      {admin && !adding ? (
        <button type="button" class="secondary" onClick={() => setAdding(true)}>
          {translate("coop_person_add")}
        </button>
      ) : null}
      {admin ? <ImportPeople /> : null}
    </section>
  );
}

function ImportPeople(): JSX.Element {
  return (
    <div class="stack">
      <h2>{translate("coop_import")}</h2>
      <TableImport<Seen>
        path="/v1/people/import"
        about={translate("coop_import_about")}
        seenText={({ people, holdings, known }) =>
          translate("coop_import_seen", { people: people.length, holdings: holdings.length, known })
        }
        isNew={({ people, holdings }) => people.length + holdings.length > 0}
        onStored={() => reload("/v1/people", "/v1/holdings")}
      />
    </div>
  );
}
