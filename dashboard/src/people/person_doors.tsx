// By what a person signs in, and by what alarms reach the person: given, added, taken away.

import "../i18n/people";
import "../i18n/settings";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useWrite } from "../api/write";
import { findTerm, term, translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { DeleteRecord } from "../ui/delete_record";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { ErrorText } from "../ui/error_text";
import { noteSaved } from "../ui/overlays";
import type { Human, Login, Person } from "./humans";
import { narrows, questionOf, useGive } from "./whose";

const SCOPES = ["read", "write", "admin"] as const;

interface DoorsProps {
  human: Human;
  person: Person;
  /** Everybody, with what is nobody's. */
  others: readonly Human[];
}

export function SignsIn({ human, person, others }: DoorsProps): JSX.Element | null {
  const give = useGive();
  if (!may("post", "/v1/members")) return null;
  const open = others.filter((other) => other.person === null).flatMap(({ logins }) => logins);
  return (
    <section class="stack" data-section="sign-in">
      <h2>{translate("people_sign_in_of", { name: person.name })}</h2>
      {human.logins.length + human.keys.length === 0 ? <p class="note">{translate("people_no_sign_in")}</p> : null}
      {human.logins.map((login) => (
        <div key={login.id} class="buttons" data-login={login.id}>
          <code>{login.subject}</code>
          <RoleOf login={login} />
          <DeleteRecord
            list="/v1/members"
            record={login}
            label={translate("settings_delete_member", { name: login.name })}
            title={translate("settings_delete_confirm", { name: login.name })}
            about={translate("settings_member_delete_text")}
          />
        </div>
      ))}
      {human.keys.map((key) => (
        <p key={key.id}>{translate("people_key", { name: key.name, role: term("scopes", key.scope) })}</p>
      ))}
      {open.map((login) => (
        <div key={login.id} class="buttons">
          <span>
            {login.name} <code>{login.subject}</code>
          </span>
          <AskedButton
            text={translate("people_give_to", { name: person.name })}
            label={translate("people_give_what_to", { what: login.subject, name: person.name })}
            question={narrows(login, person) ? questionOf(login, person) : askedOf(login.subject, person)}
            write={give}
            run={async () => noteSaved(await give.login(login, person.id ?? null))}
          />
        </div>
      ))}
      <AddLogin person={person} />
    </section>
  );
}

function askedOf(what: string, person: Person) {
  const values = { what, name: person.name };
  return { title: translate("people_give_sure", values), text: translate("people_give_text", values), action: translate("people_give") };
}

function RoleOf({ login }: { login: Login }): JSX.Element {
  const change = useWrite("put", "/v1/members/{thing}", { refresh: ["/v1/members"] });
  const save = async (role: Login["role"]): Promise<void> => {
    noteSaved(await change.run({ params: { path: { thing: login.id } }, body: { ...login, role }, version: login.version }));
  };
  return (
    <>
      <select
        aria-label={translate("settings_role_of", { name: login.name })}
        disabled={change.saving}
        onChange={(event) => void save(event.currentTarget.value as Login["role"])}
      >
        {SCOPES.map((role) => (
          <option key={role} value={role} selected={role === login.role}>
            {term("scopes", role)}
          </option>
        ))}
      </select>
      <ErrorText error={change.error} inline />
    </>
  );
}

function AddLogin({ person }: { person: Person }): JSX.Element {
  const add = useWrite("post", "/v1/members", { refresh: ["/v1/members"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const role = values.text("role") as Login["role"];
    return noteSaved(await add.run({ body: { name: person.name, subject: values.text("subject"), role, person: person.id ?? null } }));
  };
  return (
    <details class="fold">
      <summary>{translate("people_sign_in_add")}</summary>
      <Form name="person_sign_in" submit={translate("people_sign_in_add")} write={add} onSubmit={submit}>
        <p class="note">{translate("settings_members_about")}</p>
        <div class="choices-row">
          <TextField name="subject" label={translate("settings_subject")} required maxLength={200} />
          <SelectField
            name="role"
            label={translate("people_sign_in_most")}
            hint={translate("people_sign_in_hint")}
            value="read"
            options={SCOPES.map((value) => ({ value, text: term("scopes", value) }))}
          />
        </div>
      </Form>
    </details>
  );
}

export function Reached({ human, person, others }: DoorsProps): JSX.Element | null {
  const give = useGive();
  if (!may("post", "/v1/alarm-recipients")) return null;
  const open = others.filter((other) => other.person === null).flatMap(({ recipients }) => recipients);
  const nameOf = (name: string): string => findTerm("default_names", name) ?? name;
  return (
    <section class="stack" data-section="alarms">
      <h2>{translate("people_alarms_of", { name: person.name })}</h2>
      {human.recipients.length === 0 ? <p class="note">{translate("people_no_alarms")}</p> : null}
      {human.recipients.map((recipient) => (
        <div key={recipient.id} class="buttons" data-recipient={recipient.id}>
          <span>
            {nameOf(recipient.name)} · {term("recipient_kinds", recipient.kind)}
            {recipient.kind === "email" ? ` · ${recipient.address}` : ""}
          </span>
          <button type="button" class="plain" disabled={give.saving} onClick={() => void give.recipient(recipient, null)}>
            {translate("people_not_of", { name: person.name })}
          </button>
        </div>
      ))}
      {open.map((recipient) => (
        <div key={recipient.id} class="buttons">
          <span>
            {nameOf(recipient.name)} · {term("recipient_kinds", recipient.kind)}
          </span>
          <AskedButton
            text={translate("people_give_to", { name: person.name })}
            label={translate("people_give_what_to", { what: nameOf(recipient.name), name: person.name })}
            question={askedOf(nameOf(recipient.name), person)}
            write={give}
            run={async () => noteSaved(await give.recipient(recipient, person.id ?? null))}
          />
        </div>
      ))}
      <ErrorText error={give.error} />
      <AddMail person={person} />
    </section>
  );
}

function AddMail({ person }: { person: Person }): JSX.Element {
  const add = useWrite("post", "/v1/alarm-recipients", { refresh: ["/v1/alarm-recipients", "/v1/alarm-recipients/delivery"] });
  const mail = person.contacts?.find(({ channel }) => channel === "email")?.address ?? "";
  const submit = async (values: FormValues): Promise<boolean> => {
    const language = person.language === "en" ? ("en" as const) : ("zh-CN" as const);
    const body = { name: person.name, kind: "email" as const, address: values.text("address"), language, person: person.id ?? null };
    return noteSaved(await add.run({ body: { ...body, least_severity: "warning" as const } }));
  };
  return (
    <details class="fold">
      <summary>{translate("people_mail_add")}</summary>
      <Form name="person_address" submit={translate("people_mail_add")} write={add} onSubmit={submit}>
        <TextField name="address" type="email" label={translate("people_email")} value={mail} required maxLength={2000} />
      </Form>
    </details>
  );
}
