// What can be changed of a person: shares of fields end at a date or are deleted, and the person is deleted where nothing names them.

import "../i18n/cooperative";
import "../i18n/people";
import type { JSX } from "preact";
import { nowMs } from "../api/clock";
import type { ListItem } from "../api/client";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { dateOf, dateText, startOfDateMs } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { confirm, showToast } from "../ui/overlays";

type Person = ListItem<"/v1/people">;
type Holding = ListItem<"/v1/holdings">;

export interface PersonRecordProps {
  person: Person;
  holdings: readonly Holding[];
  nameOfField: (field: string) => string;
  onClose: () => void;
}

export function PersonRecord({ person, holdings, nameOfField, onClose }: PersonRecordProps): JSX.Element {
  return (
    <div class="stack" data-panel="person-record">
      <h2>{translate("people_record_of", { name: person.name })}</h2>
      {holdings.length === 0 ? <p class="note">{translate("people_no_shares")}</p> : null}
      {holdings.map((holding) => (
        <Share key={holding.id} holding={holding} field={nameOfField(holding.field)} />
      ))}
      <DeletePerson person={person} shares={holdings.length} onDeleted={onClose} />
      <div class="buttons">
        <button type="button" class="secondary" onClick={onClose}>
          {translate("close")}
        </button>
      </div>
    </div>
  );
}

function Share({ holding, field }: { holding: Holding; field: string }): JSX.Element {
  const change = useWrite("put", "/v1/holdings/{thing}", { refresh: ["/v1/holdings"] });
  const remove = useWrite("delete", "/v1/holdings/{thing}", { refresh: ["/v1/holdings"] });
  const path = { thing: holding.id ?? "" };
  const version = holding.version ?? "*";
  const what = `${field} ${holding.parts}/${holding.of_parts}`;
  const end = async (values: FormValues): Promise<boolean> => {
    // The last day belongs to the share, as in an imported table.
    const body = { ...holding, end_ms: startOfDateMs(values.text("last"), 1) };
    if ((await change.run({ params: { path }, body, version })) !== null) showToast(translate("saved"));
    return false;
  };
  const ask = async (): Promise<void> => {
    const title = translate("people_share_delete_of", { what });
    if (await confirm({ title, text: translate("people_share_delete_text"), action: translate("delete") }))
      await remove.run({ params: { path }, version });
  };
  const [from, until] = [holding.start_ms, holding.end_ms];
  return (
    <section class="stack" data-holding={holding.id}>
      <h3>
        {what} · {translate(holding.kind === "lease" ? "people_lease" : "people_ownership")}
      </h3>
      <p class="note">
        {[
          from == null ? "" : translate("people_from", { date: dateText(from) }),
          until == null ? translate("people_no_end") : translate("people_until", { date: dateText(until - 1) }),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <Form submit={translate("people_end")} write={change} onSubmit={end}>
        <TextField
          name="last"
          type="date"
          label={translate("people_last_day")}
          value={dateOf(until == null ? nowMs() : until - 1)}
          required
          hint={translate("people_end_hint")}
        />
      </Form>
      <button type="button" class="plain" disabled={remove.saving} onClick={() => void ask()}>
        {translate("people_share_delete")}
      </button>
      {remove.error ? (
        <p class="error" role="alert">
          {remove.error}
        </p>
      ) : null}
    </section>
  );
}

function DeletePerson({ person, shares, onDeleted }: { person: Person; shares: number; onDeleted: () => void }): JSX.Element {
  const remove = useWrite("delete", "/v1/people/{thing}", { refresh: ["/v1/people"] });
  const entries = useApiList("/v1/accounts", { query: { person: person.id ?? "" } });
  const statements = useApiList("/v1/statements", { query: { person: person.id ?? "" } });
  const ask = async (): Promise<void> => {
    const title = translate("people_delete_of", { name: person.name });
    if (!(await confirm({ title, text: translate("people_delete_text"), action: translate("delete") }))) return;
    if ((await remove.run({ params: { path: { thing: person.id ?? "" } }, version: person.version ?? "*" })) !== null) onDeleted();
  };
  return (
    <Loaded state={entries}>
      {(account) => {
        const kept = account.length + (statements.data?.length ?? 0);
        if (kept > 0)
          return <p class="note">{translate("people_kept", { entries: account.length, statements: statements.data?.length ?? 0 })}</p>;
        if (shares > 0) return <p class="note">{translate("people_shares_first", { count: shares })}</p>;
        return (
          <>
            <button type="button" class="plain" disabled={remove.saving} onClick={() => void ask()}>
              {translate("people_delete")}
            </button>
            {remove.error ? (
              <p class="error" role="alert">
                {remove.error}
              </p>
            ) : null}
          </>
        );
      }}
    </Loaded>
  );
}
