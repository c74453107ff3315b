// Everybody of the farm in one list: members, pilots, those who sign in, those who get alarms; added once, then given what they are.

import "../i18n/cooperative";
import "../i18n/people";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { may } from "../api/may";
import { reload, useApiList } from "../api/query";
import { hrefOfThing } from "../app/address";
import { findTerm, term, translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";
import { TableImport, type SeenTable } from "./table_import";
import { humansOf, type Holding, type Human, type Person } from "./humans";
import { WhoseIsIt } from "./whose";

interface Seen extends SeenTable {
  people: Person[];
  holdings: Holding[];
  known: number;
}

/** What is known of the people; lists that the access may not read are empty. */
export function useHumans() {
  const people = useApiList("/v1/people", {});
  const holdings = useApiList("/v1/holdings", {});
  const logins = useApiList("/v1/members", {}, { enabled: may("get", "/v1/members") });
  const recipients = useApiList("/v1/alarm-recipients", {}, { enabled: may("get", "/v1/alarm-recipients") });
  const keys = useApiList("/v1/keys", {}, { enabled: may("get", "/v1/keys") });
  const fields = useApiList("/v1/fields", {});
  const known = (list: readonly Person[]): Human[] =>
    humansOf({
      people: list,
      holdings: holdings.data ?? [],
      logins: logins.data ?? [],
      recipients: recipients.data ?? [],
      keys: keys.data ?? [],
    });
  return { people, holdings, fields, known };
}

export function People({ admin }: { admin: boolean }): JSX.Element {
  const { people, fields, known } = useHumans();
  const [adding, setAdding] = useState(false);
  const fieldNames = new Map((fields.data ?? []).map(({ id, name }) => [id ?? "", name]));
  const columns = columnsOf(fieldNames, people.data ?? [], admin);
  const table = (name: string, rows: Human[]): JSX.Element => (
    <Table
      name={name}
      rows={rows}
      columns={columns}
      keyOf={(human) => human.id}
      searchIn={(human) => searchedIn(human, fieldNames)}
      searchFrom={1}
      sorted={{ key: "name" }}
      rowAttributes={(human) => ({ "data-human": human.id })}
      empty={<p class="note">{translate("coop_no_people")}</p>}
    />
  );
  return (
    <section class="card" data-panel="people">
      <p class="note">{translate("people_about")}</p>
      <Loaded state={people}>
        {(items) => {
          const humans = known(items);
          const left = humans.filter(({ person }) => person?.active === false);
          return (
            <>
              {table(
                translate("coop_people"),
                humans.filter(({ person }) => person?.active !== false),
              )}
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
      {admin && adding ? (
        <Lazy
          load={async () => (await import("./person_form")).AddPerson}
          props={{
            people: people.data ?? [],
            onAdded: (id: string) => {
              location.hash = hrefOfThing({ kind: "person", id });
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

function columnsOf(fieldNames: ReadonlyMap<string, string>, people: readonly Person[], admin: boolean): Column<Human>[] {
  return [
    {
      key: "name",
      head: translate("coop_person"),
      cell: ({ person, name, id }) => (person === null ? nameOf(name) : <a href={hrefOfThing({ kind: "person", id })}>{name}</a>),
      sortBy: (human) => human.name,
    },
    {
      key: "number",
      head: translate("coop_number"),
      cell: ({ person }) => person?.number || "—",
      sortBy: ({ person }) => person?.number ?? "",
    },
    {
      key: "what",
      head: translate("people_what"),
      cell: (human) => (
        <>
          {whatOf(human, fieldNames).join(" · ")}
          {human.person === null && admin ? <WhoseIsIt human={human} people={people} /> : null}
        </>
      ),
    },
  ];
}

/** Return what a human is here, each in a few words. */
export function whatOf(human: Human, fieldNames: ReadonlyMap<string, string>): string[] {
  const { person, shares, logins, keys, recipients } = human;
  return [
    ...(person === null ? [translate("people_nobody")] : [term("person_roles", person.role ?? "member")]),
    ...shares.map((share) =>
      translate(share.kind === "lease" ? "people_leases" : "people_owns", {
        field: fieldNames.get(share.field) ?? "—",
        share: `${share.parts}/${share.of_parts}`,
      }),
    ),
    ...logins.map(({ subject, role }) => translate("people_signs_in", { subject, role: term("scopes", role) })),
    ...keys.map(({ name, scope }) => translate("people_key", { name, role: term("scopes", scope) })),
    ...recipients.map(({ kind, address }) =>
      translate("people_gets_alarms", { way: `${term("recipient_kinds", kind)}${kind === "email" ? ` ${address}` : ""}` }),
    ),
  ];
}

function searchedIn(human: Human, fieldNames: ReadonlyMap<string, string>): string {
  const contacts = (human.person?.contacts ?? []).map(({ address }) => address);
  return [nameOf(human.name), human.person?.number ?? "", ...whatOf(human, fieldNames), ...contacts].join(" ");
}

/** Return a name that the station gave, such as that of a browser, in the reader's language; any other as it is. */
function nameOf(name: string): string {
  return findTerm("default_names", name) ?? name;
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
