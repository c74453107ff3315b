// What can be changed of a person: details, shares of fields, whether the person is active; deleted where nothing names them.

import "../i18n/cooperative";
import "../i18n/people";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { ListItem } from "../api/client";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { dateOf, dateText, startOfDateMs } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { SetActive } from "../ui/set_active";
import { PersonData } from "./person_data";
import { ChangePerson } from "./person_form";
import { readShare } from "./share_text";

type Person = ListItem<"/v1/people">;
type Holding = ListItem<"/v1/holdings">;

export interface PersonRecordProps {
  person: Person;
  holdings: readonly Holding[];
  fields: readonly { id: string; name: string }[];
  onClose: () => void;
}

export function PersonRecord({ person, holdings, fields, onClose }: PersonRecordProps): JSX.Element {
  const nameOfField = (id: string): string => fields.find((field) => field.id === id)?.name ?? "—";
  const [showsData, setShowsData] = useState(false);
  const data = (
    // The key keeps what an erasure answered, when the record turns into one of an erased person.
    <details key="data" class="fold" data-fold="person-data" onToggle={(event) => setShowsData(event.currentTarget.open)}>
      <summary>{translate("people_data", { name: person.name })}</summary>
      {showsData ? <PersonData person={person.id ?? ""} name={person.name} canErase /> : null}
    </details>
  );
  const close = (
    <div class="buttons">
      <button type="button" class="secondary" onClick={onClose}>
        {translate("close")}
      </button>
    </div>
  );
  if (person.erased != null)
    return (
      <div class="stack" data-panel="person-record">
        <p class="note">{translate("people_erased", { number: person.erased })}</p>
        {data}
        {close}
      </div>
    );
  return (
    <div class="stack" data-panel="person-record">
      <ChangePerson key={person.version} person={person} />
      <h2>{translate("people_record_of", { name: person.name })}</h2>
      {holdings.length === 0 ? <p class="note">{translate("people_no_shares")}</p> : null}
      {holdings.map((holding) => (
        <Share key={holding.id} holding={holding} field={nameOfField(holding.field)} />
      ))}
      {person.active === false || fields.length === 0 ? null : <AddShare person={person} fields={fields} />}
      <SetActive list="/v1/people" record={person} about={translate("people_inactive_about")} />
      <DeletePerson person={person} shares={holdings.length} onDeleted={onClose} />
      {data}
      {close}
    </div>
  );
}

function Share({ holding, field }: { holding: Holding; field: string }): JSX.Element {
  const change = useWrite("put", "/v1/holdings/{thing}", { refresh: ["/v1/holdings"] });
  const what = `${field} ${holding.parts}/${holding.of_parts}`;
  const end = async (values: FormValues): Promise<boolean> => {
    // The last day belongs to the share, as in an imported table.
    const body = { ...holding, end_ms: startOfDateMs(values.text("last"), 1) };
    noteSaved(await change.run({ params: { path: { thing: holding.id ?? "" } }, body, version: holding.version ?? "*" }));
    return false;
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
      <DeleteRecord
        list="/v1/holdings"
        record={holding}
        text={translate("people_share_delete")}
        title={translate("people_share_delete_of", { what })}
        about={translate("people_share_delete_text")}
      />
    </section>
  );
}

function AddShare({ person, fields }: { person: Person; fields: PersonRecordProps["fields"] }): JSX.Element {
  const add = useWrite("post", "/v1/holdings", { refresh: ["/v1/holdings"] });
  const [isWrong, setWrong] = useState(false);
  const submit = async (values: FormValues): Promise<boolean> => {
    const share = readShare(values.text("share"));
    setWrong(share === null);
    if (share === null) return false;
    const body = {
      person: person.id ?? "",
      field: values.text("field"),
      kind: values.text("kind") as Holding["kind"],
      ...share,
      start_ms: startOfDateMs(values.text("first")),
      // The last day belongs to the share, as in an imported table.
      end_ms: startOfDateMs(values.text("until"), 1),
    };
    return noteSaved(await add.run({ body }));
  };
  return (
    <details class="fold" data-panel="add-share">
      <summary>{translate("people_share_add")}</summary>
      <Form submit={translate("people_share_add")} write={add} onSubmit={submit}>
        <div class="choices-row">
          <SelectField
            name="field"
            label={translate("people_field")}
            options={fields.map(({ id, name }) => ({ value: id, text: name }))}
            none={translate("choose")}
            required
          />
          <SelectField
            name="kind"
            label={translate("people_right")}
            options={[
              { value: "ownership", text: translate("people_ownership") },
              { value: "lease", text: translate("people_lease") },
            ]}
          />
          <TextField name="share" label={translate("people_share")} value="1/1" maxLength={20} hint={translate("people_share_hint")} />
        </div>
        <div class="choices-row">
          <TextField name="first" type="date" label={translate("people_start")} hint={translate("people_day_hint")} />
          <TextField name="until" type="date" label={translate("people_finish")} hint={translate("people_day_hint")} />
        </div>
        {isWrong ? (
          <p class="error" role="alert">
            {translate("people_share_wrong")}
          </p>
        ) : null}
      </Form>
    </details>
  );
}

function DeletePerson({ person, shares, onDeleted }: { person: Person; shares: number; onDeleted: () => void }): JSX.Element {
  const entries = useApiList("/v1/accounts", { query: { person: person.id ?? "" } });
  const statements = useApiList("/v1/statements", { query: { person: person.id ?? "" } });
  return (
    <Loaded state={entries}>
      {(account) => {
        const kept = account.length + (statements.data?.length ?? 0);
        if (kept > 0)
          return <p class="note">{translate("people_kept", { entries: account.length, statements: statements.data?.length ?? 0 })}</p>;
        if (shares > 0) return <p class="note">{translate("people_shares_first", { count: shares })}</p>;
        return (
          <DeleteRecord
            list="/v1/people"
            record={person}
            text={translate("people_delete")}
            title={translate("people_delete_of", { name: person.name })}
            about={translate("people_delete_text")}
            onDeleted={onDeleted}
          />
        );
      }}
    </Loaded>
  );
}
