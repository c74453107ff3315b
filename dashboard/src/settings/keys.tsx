// API keys: create one, copy it while it is shown, and revoke it.

import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { useNow } from "../app/mount";
import { ageText, dateText } from "../i18n/instants";
import { STATION_KEY, term, translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { CopyText } from "../ui/copy_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";
import type { Key } from "./records";

const DAY_MS = 86_400_000;
const SCOPES = ["read", "write", "admin", "samples"] as const;

export function Keys(): JSX.Element {
  const now = useNow(30_000);
  const keys = useApiList("/v1/keys", {});
  const [made, setMade] = useState<{ id: string; key: string } | null>(null);
  const columns: Column<Key>[] = [
    {
      key: "name",
      head: translate("settings_name"),
      cell: (key) => (key.name === STATION_KEY ? translate("settings_key_own") : key.name),
      sortBy: (key) => key.name,
    },
    {
      key: "role",
      head: translate("settings_role"),
      cell: (key) => term("scopes", key.scope),
      sortBy: (key) => SCOPES.indexOf(key.scope as never),
    },
    { key: "prefix", head: translate("settings_key_prefix"), cell: (key) => <code>{key.prefix}</code> },
    {
      key: "expires",
      head: translate("settings_expires"),
      cell: (key) => (key.expires_ms === null ? translate("settings_no_expiry") : dateText(key.expires_ms)),
      sortBy: (key) => key.expires_ms,
    },
    {
      key: "used",
      head: translate("settings_last_used"),
      cell: (key) => (key.last_used_ms === null ? translate("settings_never_used") : ageText(now - key.last_used_ms)),
      sortBy: (key) => key.last_used_ms,
    },
    {
      key: "do",
      head: translate("actions"),
      cell: (key) => <Revoke apiKey={key} onRevoked={() => setMade((shown) => (shown?.id === key.id ? null : shown))} />,
    },
  ];
  return (
    <section class="card" data-panel="keys">
      <p class="note">{translate("settings_keys_about")}</p>
      <Loaded state={keys}>
        {(items) => (
          <Table name={translate("settings_keys")} rows={items} columns={columns} keyOf={(key) => key.id} searchIn={(key) => key.name} />
        )}
      </Loaded>
      {made === null ? null : (
        <div role="status">
          <p>{translate("settings_key_once")}</p>
          <CopyText text={made.key} />
        </div>
      )}
      <AddKey onMade={setMade} />
    </section>
  );
}

function AddKey({ onMade }: { onMade: (made: { id: string; key: string }) => void }): JSX.Element {
  const add = useWrite("post", "/v1/keys", { refresh: ["/v1/keys"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const days = values.number("expires_ms");
    const made = await add.run({
      body: {
        name: values.text("name"),
        scope: values.text("scope") as (typeof SCOPES)[number],
        expires_ms: days === null ? null : Math.round(nowMs() + days * DAY_MS),
      },
    });
    if (made === null) return false;
    if (made !== true) onMade({ id: made.id, key: made.key });
    return true;
  };
  return (
    <Form name="key" submit={translate("settings_add_key")} write={add} onSubmit={submit}>
      <h2>{translate("settings_add_key")}</h2>
      <div class="choices-row">
        <TextField name="name" label={translate("settings_name")} required maxLength={200} hint={translate("settings_key_name_hint")} />
        <SelectField
          name="scope"
          label={translate("settings_role")}
          options={SCOPES.map((value) => ({ value, text: term("scopes", value) }))}
        />
        <NumberField name="expires_ms" label={translate("settings_key_days")} min={1} max={3650} />
      </div>
    </Form>
  );
}

function Revoke({ apiKey, onRevoked }: { apiKey: Key; onRevoked: () => void }): JSX.Element {
  const remove = useWrite("delete", "/v1/keys/{key}", { refresh: ["/v1/keys"] });
  const what = { name: apiKey.name };
  const title = translate("settings_revoke_key", what);
  return (
    <AskedButton
      text={translate("settings_revoke")}
      label={title}
      question={{ title, text: translate("settings_revoke_confirm", what), action: translate("settings_revoke") }}
      write={remove}
      run={async () => {
        if ((await remove.run({ params: { path: { key: apiKey.id } } })) !== null) onRevoked();
      }}
    />
  );
}
