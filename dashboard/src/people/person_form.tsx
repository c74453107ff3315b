// Forms for one person: added, and corrected afterwards. The station's checks are those of an imported table.

import "../i18n/cooperative";
import "../i18n/people";
import type { JSX } from "preact";
import type { ListItem } from "../api/client";
import { useWrite } from "../api/write";
import { LANGUAGE_NAMES } from "../i18n/preferences";
import { term, translate } from "../i18n/translate";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { confirm, noteSaved, showToast } from "../ui/overlays";

type Person = ListItem<"/v1/people">;
type Contact = NonNullable<Person["contacts"]>[number];

const ROLES = ["member", "pilot", "agronomist", "manager"] as const;
/** Contacts that the form has; others, of imported tables, stay as they are. */
const CHANNELS = ["phone", "wechat", "email"] as const;

export function AddPerson({
  people,
  onAdded,
  onCancel,
}: {
  people: readonly Person[];
  onAdded: (id: string) => void;
  onCancel: () => void;
}): JSX.Element {
  const add = useWrite("post", "/v1/people", { refresh: ["/v1/people"] });
  const submit = async (values: FormValues): Promise<boolean | null> => {
    const body = detailsOf(values);
    if (!(await isMeant(people, body.name))) return null;
    const made = await add.run({ body });
    if (made === null || made === true) return false;
    showToast(translate("saved"));
    onAdded(made.id ?? "");
    return true;
  };
  return (
    <div class="stack" data-panel="add-person">
      <h2>{translate("coop_person_add")}</h2>
      <Form name="person" submit={translate("coop_person_add")} write={add} onSubmit={submit} onCancel={onCancel}>
        <DetailFields person={null} />
      </Form>
    </div>
  );
}

export function ChangePerson({ person }: { person: Person }): JSX.Element {
  const change = useWrite("put", "/v1/people/{thing}", { refresh: ["/v1/people"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const input = { params: { path: { thing: person.id ?? "" } }, version: person.version ?? "*" } as const;
    noteSaved(await change.run({ ...input, body: { ...person, ...detailsOf(values, person.contacts) } }));
    return false;
  };
  return (
    <details class="fold">
      <summary>{translate("people_details", { name: person.name })}</summary>
      <Form name="person_change" submit={translate("save")} write={change} onSubmit={submit}>
        <DetailFields person={person} />
      </Form>
    </details>
  );
}

/** A person without a number is known by the name alone: whoever adds the same name again is asked. */
async function isMeant(people: readonly Person[], name: string): Promise<boolean> {
  const same = people.find((person) => person.name === name);
  if (same === undefined) return true;
  const text = translate("people_same_name_text", { name, number: same.number || "—" });
  return confirm({ title: translate("people_same_name"), text, action: translate("people_add_another") });
}

function DetailFields({ person }: { person: Person | null }): JSX.Element {
  const contact = (channel: string): string => person?.contacts?.find((each) => each.channel === channel)?.address ?? "";
  return (
    <>
      <div class="choices-row">
        <TextField name="name" label={translate("people_name")} value={person?.name ?? ""} required maxLength={200} />
        <TextField
          name="number"
          label={translate("people_number")}
          value={person?.number ?? ""}
          maxLength={64}
          hint={translate("people_number_hint")}
        />
        <SelectField
          name="role"
          label={translate("people_role")}
          value={person?.role ?? "member"}
          options={ROLES.map((value) => ({ value, text: term("person_roles", value) }))}
        />
        <SelectField
          name="language"
          label={translate("people_language")}
          value={person?.language ?? "zh"}
          options={[
            { value: "zh", text: LANGUAGE_NAMES["zh-CN"] },
            { value: "en", text: LANGUAGE_NAMES.en },
          ]}
        />
      </div>
      <div class="choices-row">
        <TextField name="phone" type="tel" label={translate("people_phone")} value={contact("phone")} maxLength={200} />
        <TextField name="wechat" label={translate("people_wechat")} value={contact("wechat")} maxLength={200} />
        <TextField name="email" type="email" label={translate("people_email")} value={contact("email")} maxLength={200} />
        <TextField name="note" label={translate("people_remark")} value={person?.note ?? ""} maxLength={2000} />
      </div>
    </>
  );
}

function detailsOf(values: FormValues, before: readonly Contact[] = []) {
  const others = before.filter(({ channel }) => !(CHANNELS as readonly string[]).includes(channel));
  const entered = CHANNELS.map((channel): Contact => ({ channel, address: values.text(channel) })).filter(({ address }) => address !== "");
  return {
    name: values.text("name"),
    number: values.text("number"),
    role: values.text("role") as (typeof ROLES)[number],
    language: values.text("language") as "zh" | "en",
    contacts: [...entered, ...others],
    note: values.text("note"),
  };
}
