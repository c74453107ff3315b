// One person: what the person is here, and as sections the details, shares of fields, sign-ins, alarms and the data that is kept.

import "../i18n/cooperative";
import "../i18n/people";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { hrefOf } from "../app/address";
import { useView } from "../app/mount";
import { dateOf, dateText, startOfDateMs } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { NotFound } from "../ui/not_found";
import { noteSaved } from "../ui/overlays";
import { SetActive } from "../ui/set_active";
import { readShare } from "./share_text";
import { PersonData } from "./person_data";
import { ChangePerson } from "./person_form";
import type { Holding, Human, Person } from "./humans";
import { Reached, SignsIn } from "./person_doors";
import { useHumans, whatOf } from "./people_list";

type Fields = readonly { id: string; name: string }[];

export function PersonPage({ id, admin }: { id: string; admin: boolean }): JSX.Element {
  const { people, fields, known } = useHumans();
  const list = hrefOf("cooperative", { tab: "people" });
  return (
    <Loaded state={people}>
      {(items) => {
        const human = known(items).find((each) => each.id === id && each.person !== null);
        if (human?.person == null) return <NotFound kind="person" id={id} back={{ href: list, text: translate("coop_people") }} />;
        return <OnePerson human={human} person={human.person} others={known(items)} fields={fields.data ?? []} list={list} admin={admin} />;
      }}
    </Loaded>
  );
}

interface OnePersonProps {
  human: Human;
  person: Person;
  others: readonly Human[];
  fields: Fields;
  /** The address of the list. */
  list: string;
  admin: boolean;
}

function OnePerson({ human, person, others, fields, list, admin }: OnePersonProps): JSX.Element {
  const view = useView();
  useEffect(() => view.setTitle(person.name), [view, person.name]);
  const fieldNames = new Map(fields.map(({ id, name }) => [id, name]));
  return (
    <>
      <div class="page-head">
        <a href={list}>{translate("coop_people")}</a>
        <h1>{person.name}</h1>
        <span class="note">{person.number}</span>
      </div>
      <section class="card stack" data-panel="person-record">
        {person.erased == null ? <p data-what>{whatOf(human, fieldNames).join(" · ")}</p> : null}
        {person.erased == null && admin ? (
          <>
            <ChangePerson key={person.version} person={person} />
            <Shares human={human} person={person} fields={fields} />
            <SignsIn human={human} person={person} others={others} />
            <Reached human={human} person={person} others={others} />
          </>
        ) : null}
        {person.erased == null ? null : <p class="note">{translate("people_erased", { number: person.erased })}</p>}
        {admin ? <Kept key="data" person={person} /> : null}
        {person.erased == null && admin ? (
          <>
            <SetActive list="/v1/people" record={person} about={translate("people_inactive_about")} />
            <DeletePerson person={person} shares={human.shares.length} onDeleted={() => (location.hash = list)} />
          </>
        ) : null}
      </section>
    </>
  );
}

/** The key keeps what an erasure answered, when the record turns into one of an erased person. */
function Kept({ person }: { person: Person }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="fold" data-fold="person-data" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{translate("people_data", { name: person.name })}</summary>
      {isOpen ? <PersonData person={person.id ?? ""} name={person.name} canErase /> : null}
    </details>
  );
}

function Shares({ human, person, fields }: { human: Human; person: Person; fields: Fields }): JSX.Element {
  return (
    <section class="stack" data-section="shares">
      <h2>{translate("people_record_of", { name: person.name })}</h2>
      {human.shares.length === 0 ? <p class="note">{translate("people_no_shares")}</p> : null}
      {human.shares.map((holding) => (
        <Share key={holding.id} holding={holding} field={fields.find(({ id }) => id === holding.field)?.name ?? "—"} />
      ))}
      {person.active === false || fields.length === 0 ? null : <AddShare person={person} fields={fields} />}
    </section>
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
      <Form name="person_end" submit={translate("people_end")} write={change} onSubmit={end}>
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

function AddShare({ person, fields }: { person: Person; fields: Fields }): JSX.Element {
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
      <Form name="plot_share" submit={translate("people_share_add")} write={add} onSubmit={submit}>
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
