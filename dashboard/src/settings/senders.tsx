// Senders that post samples over HTTP: let one in, see what it has posted and why something was refused, revoke it.

import "../i18n/senders";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { ListItem } from "../api/client";
import { useApi } from "../api/query";
import { useWrite } from "../api/write";
import { useNow } from "../app/mount";
import { ageText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { SenderSetUp, type Kind, type MadeSender } from "./sender_set_up";
import { SenderState } from "./sender_state";

const LIST = "/v1/sample-logins";
const REFRESH_MS = 5000;

type Login = ListItem<typeof LIST>;

export function Senders(): JSX.Element {
  const kinds = useApi("/v1/samples/senders", {});
  const logins = useApi(LIST, { query: { limit: 1000 } }, { everyMs: REFRESH_MS });
  const [made, setMade] = useState<MadeSender | null>(null);
  const now = useNow(1000);
  return (
    <div class="stack" data-panel="senders">
      <section class="card stack">
        <p class="note">{translate("sender_about")}</p>
        <Loaded state={kinds}>
          {({ items }) =>
            made === null ? (
              <AddSender kinds={items} onMade={setMade} />
            ) : (
              <SenderSetUp key={made.id} made={made} onDone={() => setMade(null)} />
            )
          }
        </Loaded>
      </section>
      <section class="card stack">
        <h2>{translate("sender_list")}</h2>
        <Loaded state={logins}>
          {({ items, without_key: stranger }) => (
            <>
              {stranger ? (
                <p class="error" data-strangers={stranger.refused}>
                  {translate("sender_stranger", { count: stranger.refused, age: ageText(now - (stranger.refused_ms ?? now)) })}
                </p>
              ) : null}
              {items.length === 0 ? <p class="note">{translate("sender_none")}</p> : null}
              <div class="cards">
                {items.map((login) => (
                  <SenderCard key={login.id} login={login} kinds={kinds.data?.items ?? []} onRevoked={() => setMade(null)} />
                ))}
              </div>
            </>
          )}
        </Loaded>
      </section>
    </div>
  );
}

export function kindName(kinds: readonly Kind[], slug: string): string {
  const kind = kinds.find((each) => each.slug === slug);
  return kind === undefined ? slug : currentLanguage() === "en" ? kind.en : kind.zh;
}

function AddSender({ kinds, onMade }: { kinds: readonly Kind[]; onMade: (made: MadeSender) => void }): JSX.Element {
  const add = useWrite("post", "/v1/keys", { refresh: ["/v1/keys", LIST] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const kind = kinds.find(({ slug }) => slug === values.text("kind"));
    if (kind === undefined) return false;
    const name = values.text("name");
    const key = await add.run({ body: { name, scope: "samples", expires_ms: null, sender: kind.slug } });
    if (key === null || key === true) return false;
    onMade({ id: key.id, name, kind, key: key.key, path: key.path ?? kind.path });
    return true;
  };
  return (
    <Form name="sender" submit={translate("sender_make")} write={add} onSubmit={submit}>
      <h2>{translate("sender_add")}</h2>
      <div class="choices-row">
        <SelectField
          name="kind"
          label={translate("sender_kind")}
          required
          options={kinds.map((kind) => ({ value: kind.slug, text: kindName(kinds, kind.slug) }))}
        />
        <TextField name="name" label={translate("sender_name")} required maxLength={200} hint={translate("sender_name_hint")} />
      </div>
    </Form>
  );
}

function SenderCard({ login, kinds, onRevoked }: { login: Login; kinds: readonly Kind[]; onRevoked: () => void }): JSX.Element {
  const revoke = useWrite("delete", "/v1/keys/{key}", { refresh: ["/v1/keys", LIST] });
  const [isOpen, setOpen] = useState(false);
  const detail = useApi(`${LIST}/{key}`, { path: { key: login.id } }, { enabled: isOpen, everyMs: REFRESH_MS });
  const kind = kinds.find(({ slug }) => slug === login.received.kind);
  const title = translate("sender_revoke");
  return (
    <article class="card stack" data-sender={login.name}>
      <h3>{login.name}</h3>
      <p class="note">{kindName(kinds, login.received.kind)}</p>
      <SenderState login={isOpen ? (detail.data ?? login) : login} path={kind?.path ?? ""} now={nowMs()} />
      <div class="buttons">
        {login.quarantined > 0 && !isOpen ? (
          <button type="button" class="secondary" onClick={() => setOpen(true)}>
            {translate("sender_show")}
          </button>
        ) : null}
        <AskedButton
          text={title}
          label={`${title} ${login.name}`}
          question={{ title, text: translate("sender_revoke_sure", { name: login.name }), action: title }}
          write={revoke}
          run={async () => {
            if ((await revoke.run({ params: { path: { key: login.id } } })) !== null) onRevoked();
          }}
        />
      </div>
    </article>
  );
}
