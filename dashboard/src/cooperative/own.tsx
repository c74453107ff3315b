// What a member of the cooperative sees: the own statements and fields.

import "../i18n/cooperative";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import { currentSession } from "../api/session";
import { areaText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Lazy } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { Table } from "../ui/table";
import { StatementTable } from "./statements";

export function OwnStatements(): JSX.Element {
  const statements = useApiList("/v1/statements", {});
  const people = useApiList("/v1/people", {});
  const names = new Map((people.data ?? []).map((person) => [person.id, person.name]));
  return (
    <section class="card" data-panel="own-statements">
      <Loaded state={statements}>{(items) => <StatementTable statements={items} names={names} />}</Loaded>
    </section>
  );
}

/** What is kept of the person who is signed in. */
export function OwnData(): JSX.Element {
  const person = currentSession()?.person ?? "";
  return (
    <section class="card" data-panel="own-data">
      <Lazy load={async () => (await import("../people/person_data")).PersonData} props={{ person, name: "", canErase: false }} />
    </section>
  );
}

export function OwnFields(): JSX.Element {
  const fields = useApiList("/v1/fields", {});
  const [open, setOpen] = useState<string | null>(null);
  const holdings = useApiList("/v1/holdings", {});
  const shareOf = (field: string | undefined): string =>
    (holdings.data ?? [])
      .filter((holding) => holding.field === field)
      .map(({ parts, of_parts }) => `${parts}/${of_parts}`)
      .join(" · ");
  return (
    <section class="card" data-panel="own-fields">
      <Loaded state={fields}>
        {(items) => {
          const chosen = items.find(({ id }) => id === open);
          return (
            <>
              <Table
                name={translate("coop_plots")}
                rows={items}
                columns={[
                  { key: "name", head: translate("coop_dispute_field"), cell: ({ name }) => name, sortBy: ({ name }) => name },
                  {
                    key: "area",
                    head: translate("coop_usable"),
                    number: true,
                    cell: ({ usable_area_m2 }) => areaText(usable_area_m2 ?? 0),
                  },
                  { key: "share", head: translate("coop_holdings"), cell: ({ id }) => shareOf(id) },
                  {
                    key: "yield",
                    head: translate("coop_yield"),
                    cell: (field) => (
                      <button type="button" class="plain" aria-pressed={field.id === open} onClick={() => setOpen(field.id ?? null)}>
                        {translate("coop_yield_map")}
                      </button>
                    ),
                  },
                ]}
                keyOf={({ id }) => id ?? ""}
              />
              {chosen === undefined ? null : (
                <Lazy key={chosen.id} load={async () => (await import("../yields/yield_panel")).YieldPanel} props={{ field: chosen }} />
              )}
            </>
          );
        }}
      </Loaded>
    </section>
  );
}
