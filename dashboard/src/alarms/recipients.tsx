// Recipients of notifications: whether they are reached, a test, and the form to add one.

import "../i18n/alarms";
import "../i18n/settings";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may } from "../api/may";
import { useApi, useApiList, reload } from "../api/query";
import { useWrite } from "../api/write";
import { useNow } from "../app/mount";
import { ageText } from "../i18n/instants";
import { LANGUAGE_NAMES, currentLanguage } from "../i18n/preferences";
import { findTerm, term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Empty } from "../ui/empty";
import { ErrorText } from "../ui/error_text";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { MessageFields, type SEVERITIES } from "./message_fields";
import type { Notification, Recipient, RecipientDelivery } from "./records";

const REFRESH_MS = 10_000;
const REACH = ["/v1/alarm-recipients/delivery", "/v1/alarm-recipients/reach"] as const;
const TEST_REFRESH_MS = 1000;
const KINDS = ["email", "webhook", "mqtt"] as const;

export function Recipients(): JSX.Element {
  const recipients = useApiList("/v1/alarm-recipients", {});
  const delivery = useApi("/v1/alarm-recipients/delivery", {}, { everyMs: REFRESH_MS });
  const admin = may("post", "/v1/alarm-recipients");
  return (
    <section class="stack" data-panel="recipients">
      <p class="note">{translate("settings_recipients_about")}</p>
      <Loaded state={recipients}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={translate("settings_no_recipients")} />
          ) : (
            <div class="cards">
              {items.map((recipient) => (
                <RecipientCard
                  key={recipient.id}
                  recipient={recipient}
                  delivery={delivery.data?.items.find((each) => each.recipient === recipient.id)}
                  admin={admin}
                />
              ))}
            </div>
          )
        }
      </Loaded>
      {admin ? <AddRecipient /> : <p class="note">{translate("alarms_recipients_admin")}</p>}
    </section>
  );
}

function RecipientCard({
  recipient,
  delivery,
  admin,
}: {
  recipient: Recipient;
  delivery: RecipientDelivery | undefined;
  admin: boolean;
}): JSX.Element {
  const name = findTerm("default_names", recipient.name) ?? recipient.name;
  const kind = delivery?.robot ? term("chat_robots", delivery.robot) : term("recipient_kinds", recipient.kind);
  return (
    <article class="card" data-recipient={recipient.id}>
      <header>
        <h2>{name}</h2>
        <span class={`state ${recipient.enabled && !delivery?.cannot_send ? "on" : "off"}`}>
          {translate(recipient.enabled ? "enabled" : "disabled")}
        </span>
      </header>
      <p>
        {kind}
        {recipient.address && recipient.kind !== "push" ? `${translate("colon")}${recipient.address}` : ""}
      </p>
      <p class="note">
        {translate("alarms_recipient_gets", {
          severity: term("severities", recipient.least_severity),
          language: LANGUAGE_NAMES[recipient.language === "en" ? "en" : "zh-CN"],
        })}
      </p>
      {delivery ? <DeliveryState delivery={delivery} /> : null}
      {admin ? <RecipientActions recipient={recipient} delivery={delivery} /> : null}
    </article>
  );
}

function DeliveryState({ delivery }: { delivery: RecipientDelivery }): JSX.Element {
  const now = useNow(10_000);
  const { cannot_send: fault, newest } = delivery;
  if (fault !== null && fault !== "disabled")
    return (
      <p class="error" role="alert" data-delivery="fault">
        {term("recipient_faults", fault)}
      </p>
    );
  if (newest === null)
    return (
      <p class="note" data-delivery="none">
        {translate("alarms_never_sent")}
      </p>
    );
  const failed = newest.state === "dead" || (newest.state === "waiting" && newest.attempts > 0);
  return (
    <div data-delivery={newest.state}>
      <p class={failed ? "error" : ""}>
        {translate("alarms_newest_notice", {
          state: term("notice_states", newest.state),
          when: ageText(now - (newest.delivered_ms ?? newest.created_ms)),
        })}
        {failed ? `${translate("colon")}${errorOf(newest)}` : ""}
      </p>
      {delivery.dead > 0 ? <p class="note">{translate("alarms_dead_notices", { count: delivery.dead })}</p> : null}
      {delivery.reach.confirmed_ms !== null ? (
        <p class="note" data-confirmed>
          {translate("alarms_confirmed", { when: ageText(now - delivery.reach.confirmed_ms) })}
        </p>
      ) : delivery.delivered_ms === null || !delivery.reach.is_persons ? null : (
        <p class="error">{translate("alarms_unconfirmed")}</p>
      )}
      {failed && delivery.delivered_ms !== null ? (
        <p class="note">{translate("alarms_last_delivered", { when: ageText(now - delivery.delivered_ms) })}</p>
      ) : null}
    </div>
  );
}

function errorOf(notice: Notification): string {
  return currentLanguage() === "en" ? notice.error : notice.error_zh || translate("alarms_not_sent");
}

function RecipientActions({ recipient, delivery }: { recipient: Recipient; delivery: RecipientDelivery | undefined }): JSX.Element {
  const cannotSend = delivery?.cannot_send ?? null;
  const [secret, setSecret] = useState("");
  const change = useWrite("put", "/v1/alarm-recipients/{thing}", { refresh: ["/v1/alarm-recipients", "/v1/alarm-recipients/delivery"] });
  const renew = useWrite("post", "/v1/alarm-recipients/{recipient}/secret");
  const makeSecret = async (): Promise<void> => {
    const made = await renew.run({ params: { path: { recipient: recipient.id } } });
    if (made !== null && made !== true) setSecret(made.secret);
  };
  const error = change.error ?? renew.error;
  return (
    <div class="stack">
      <TestButton recipient={recipient.id} disabled={cannotSend !== null && cannotSend !== "disabled"} />
      {delivery?.reach.confirmed_ms === null && delivery.delivered_ms !== null ? <ConfirmButton recipient={recipient.id} /> : null}
      <div class="buttons">
        <button
          type="button"
          class="plain"
          disabled={change.saving}
          onClick={() =>
            void change.run({
              params: { path: { thing: recipient.id } },
              body: { ...recipient, enabled: !recipient.enabled },
              version: recipient.version,
            })
          }
        >
          {translate(recipient.enabled ? "settings_disable" : "settings_enable")}
        </button>
        {recipient.kind === "webhook" ? (
          <button type="button" class="plain" disabled={renew.saving} onClick={() => void makeSecret()}>
            {translate("settings_new_secret")}
          </button>
        ) : null}
        <DeleteRecord
          list="/v1/alarm-recipients"
          record={recipient}
          title={translate("settings_delete_confirm", { name: recipient.name })}
          about={translate("alarms_recipient_delete_text")}
        />
      </div>
      {secret ? (
        <p role="status">
          {translate("settings_secret_once")} <code class="secret">{secret}</code>
        </p>
      ) : null}
      <ErrorText error={error} />
    </div>
  );
}

/** A person's word that the message came: the service's answer does not say it. */
function ConfirmButton({ recipient }: { recipient: string }): JSX.Element {
  const confirm = useWrite("post", "/v1/alarm-recipients/{recipient}/confirm", { refresh: REACH });
  return (
    <div>
      <button
        type="button"
        class="secondary"
        disabled={confirm.saving}
        onClick={() => void confirm.run({ params: { path: { recipient } } })}
      >
        {translate("alarms_confirm")}
      </button>
      <ErrorText error={confirm.error} />
    </div>
  );
}

/** Sends a test and says what became of it: it is followed until it has arrived or failed. */
function TestButton({ recipient, disabled }: { recipient: string; disabled: boolean }): JSX.Element {
  const [sent, setSent] = useState<string | null>(null);
  const test = useWrite("post", "/v1/alarm-recipients/{recipient}/test");
  const notice = useApi(
    "/v1/alarm-notices/{notice}",
    { path: { notice: sent ?? "" } },
    { enabled: sent !== null, ...(sent === null ? {} : { everyMs: TEST_REFRESH_MS }) },
  );
  const state = notice.data?.state;
  useEffect(() => {
    if (state === "delivered" || state === "dead") void reload("/v1/alarm-recipients/delivery");
  }, [state]);
  const run = async (): Promise<void> => {
    const queued = (await test.run({ params: { path: { recipient } } })) as Notification | true | null;
    if (queued !== null && queued !== true) setSent(queued.id);
  };
  const waits = sent !== null && state !== "delivered" && state !== "dead";
  const failed = state === "dead" || (waits && (notice.data?.attempts ?? 0) > 0);
  return (
    <div>
      <button type="button" class="secondary" disabled={disabled || test.saving || waits} onClick={() => void run()}>
        {translate("alarms_send_test")}
      </button>
      <p role="status" class={failed ? "error" : "note"} data-test={state ?? ""}>
        {test.error ??
          (sent === null
            ? ""
            : failed && notice.data
              ? errorOf(notice.data)
              : translate(waits ? "alarms_test_waits" : "alarms_test_arrived"))}
      </p>
    </div>
  );
}

function AddRecipient(): JSX.Element {
  const [kind, setKind] = useState<(typeof KINDS)[number]>("webhook");
  const add = useWrite("post", "/v1/alarm-recipients", { refresh: ["/v1/alarm-recipients", "/v1/alarm-recipients/delivery"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    return noteSaved(
      await add.run({
        body: {
          name: values.text("name"),
          kind,
          address: values.text("address"),
          language: values.text("language") as "en" | "zh-CN",
          least_severity: values.text("least_severity") as (typeof SEVERITIES)[number],
        },
      }),
      translate("alarms_recipient_added"),
    );
  };
  return (
    <section class="card">
      <Form name="recipient" submit={translate("settings_add_recipient")} write={add} onSubmit={submit}>
        <h2>{translate("settings_add_recipient")}</h2>
        <div class="choices-row">
          <TextField name="name" label={translate("settings_name")} required maxLength={200} />
          <SelectField
            name="kind"
            label={translate("settings_channel")}
            value={kind}
            options={KINDS.map((value) => ({
              value,
              text: value === "webhook" ? translate("alarms_robot_or_webhook") : term("recipient_kinds", value),
            }))}
            onSelect={(value) => setKind(value as (typeof KINDS)[number])}
          />
        </div>
        {kind === "mqtt" ? null : (
          <TextField
            name="address"
            label={translate(kind === "email" ? "alarms_mail_address" : "alarms_robot_address")}
            required
            maxLength={2000}
            hint={kind === "webhook" ? translate("alarms_robot_hint") : undefined}
            {...(kind === "webhook" ? { autocomplete: "off" } : {})}
          />
        )}
        <div class="choices-row">
          <MessageFields />
        </div>
      </Form>
    </section>
  );
}
