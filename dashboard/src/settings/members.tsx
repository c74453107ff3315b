// Members: people who sign in through an identity provider, each with a role.

import "../i18n/settings";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { ErrorText } from "../ui/error_text";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import type { Member } from "./records";

const ROLES = ["read", "write", "admin"] as const;

export function Members(): JSX.Element {
  const members = useApiList("/v1/members", {});
  const columns: Column<Member>[] = [
    { key: "name", head: translate("settings_name"), cell: (member) => member.name, sortBy: (member) => member.name },
    { key: "subject", head: translate("settings_subject"), cell: (member) => <code>{member.subject}</code> },
    { key: "role", head: translate("settings_role"), cell: (member) => <Role member={member} /> },
    {
      key: "do",
      head: translate("actions"),
      cell: (member) => (
        <DeleteRecord
          list="/v1/members"
          record={member}
          label={translate("settings_delete_member", { name: member.name })}
          title={translate("settings_delete_confirm", { name: member.name })}
          about={translate("settings_member_delete_text")}
        />
      ),
    },
  ];
  return (
    <section class="card" data-panel="members">
      <p class="note">{translate("settings_members_about")}</p>
      <Loaded state={members}>
        {(items) => (
          <Table
            name={translate("settings_members")}
            rows={items}
            columns={columns}
            keyOf={(member) => member.id}
            searchIn={(member) => `${member.name} ${member.subject}`}
            empty={<p class="note">{translate("settings_no_members")}</p>}
          />
        )}
      </Loaded>
      <AddMember />
    </section>
  );
}

function Role({ member }: { member: Member }): JSX.Element {
  const change = useWrite("put", "/v1/members/{thing}", { refresh: ["/v1/members"] });
  const save = async (role: Member["role"]): Promise<void> => {
    const body = { ...member, role };
    noteSaved(await change.run({ params: { path: { thing: member.id } }, body, version: member.version }));
  };
  return (
    <>
      <select
        aria-label={translate("settings_role_of", { name: member.name })}
        disabled={change.saving}
        onChange={(event) => void save(event.currentTarget.value as Member["role"])}
      >
        {ROLES.map((role) => (
          <option key={role} value={role} selected={role === member.role}>
            {term("scopes", role)}
          </option>
        ))}
      </select>
      <ErrorText error={change.error} inline />
    </>
  );
}

function AddMember(): JSX.Element {
  const add = useWrite("post", "/v1/members", { refresh: ["/v1/members"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = { name: values.text("name"), subject: values.text("subject"), role: values.text("role") as Member["role"] };
    return noteSaved(await add.run({ body }));
  };
  return (
    <Form submit={translate("settings_add_member")} write={add} onSubmit={submit}>
      <h2>{translate("settings_add_member")}</h2>
      <div class="choices-row">
        <TextField name="name" label={translate("settings_name")} required maxLength={200} />
        <TextField name="subject" label={translate("settings_subject")} required maxLength={200} />
        <SelectField
          name="role"
          label={translate("settings_role")}
          options={ROLES.map((value) => ({ value, text: term("scopes", value) }))}
        />
      </div>
    </Form>
  );
}
