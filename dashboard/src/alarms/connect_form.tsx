// Form of one way by which alarms come to a person: who, the address with where to find it, language and severity.

import "../i18n/connect";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { canPush, storePush, subscribeBrowser } from "../api/browser_push";
import { useApi } from "../api/query";
import { ApiError } from "../api/request";
import { useWrite } from "../api/write";
import { term, translate } from "../i18n/translate";
import { NumberField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { addressOf, type Way } from "./connect_ways";
import { MessageFields, type SEVERITIES } from "./message_fields";

const REFRESH = ["/v1/alarm-recipients", "/v1/alarm-recipients/delivery", "/v1/alarm-recipients/reach"] as const;
const MINUTES = 15;
const COMMAND = "pip install 'headland[notify]'";

/** A recipient that was made, and after how many minutes it is called as the second. */
export interface Connected {
  id: string;
  version: number;
  name: string;
  minutes: number;
}

interface ConnectFormProps {
  way: Way;
  known: Connected | null;
  isSecond: boolean;
  onSaved: (known: Connected) => void;
  onBack: () => void;
}

export function ConnectForm({ way, known, isSecond, onSaved, onBack }: ConnectFormProps): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null);
  const kinds = useApi("/v1/alarm-recipients/ways", {}).data;
  const add = useWrite("post", "/v1/alarm-recipients", { refresh: REFRESH });
  const change = useWrite("put", "/v1/alarm-recipients/{thing}", { refresh: REFRESH });
  const subscribe = useWrite("post", "/v1/push-subscriptions", { refresh: REFRESH });
  if (kinds === undefined) return <p class="note">{translate("connect_waits")}</p>;
  const hasMailServer = !("email" in kinds.unreachable);
  const needsApprise = way === "sms" || way === "other" || (way === "email" && !hasMailServer);
  const shared = (values: FormValues) => ({
    name: values.text("name"),
    language: values.text("language") as "en" | "zh-CN",
    least_severity: values.text("least_severity") as (typeof SEVERITIES)[number],
  });
  const save = async (values: FormValues): Promise<boolean | null> => {
    setProblem(null);
    const minutes = values.number("minutes") ?? MINUTES;
    if (way === "push") return savePush(values, minutes);
    const body = { ...shared(values), ...addressOf(way, values, hasMailServer) };
    const saved =
      known === null ? await add.run({ body }) : await change.run({ params: { path: { thing: known.id } }, body, version: known.version });
    if (saved === null || saved === true) return false;
    onSaved({ id: saved.id ?? "", version: saved.version ?? 1, name: body.name, minutes });
    return true;
  };
  const savePush = async (values: FormValues, minutes: number): Promise<boolean | null> => {
    if ((await Notification.requestPermission()) !== "granted") {
      setProblem(translate("settings_push_denied"));
      return null;
    }
    try {
      const { endpoint, keys } = (await subscribeBrowser()).toJSON();
      const body = { ...shared(values), endpoint: endpoint ?? "", p256dh: keys?.["p256dh"] ?? "", auth: keys?.["auth"] ?? "" };
      const made = await subscribe.run({ body });
      if (made === null || made === true) return false;
      storePush(made);
      onSaved({ id: made.recipient, version: 1, name: made.name, minutes });
      return true;
    } catch (error) {
      setProblem(translate(error instanceof ApiError ? "error_unreachable" : "settings_push_failed"));
      return null;
    }
  };
  return (
    <div class="stack" data-part={`connect-${way}`}>
      <p>
        <b>{translate(`connect_${way}`)}</b>
      </p>
      <p class="note">{translate(way === "email" && !hasMailServer ? "connect_mailbox_where" : `connect_${way}_where`)}</p>
      {needsApprise && "apprise" in kinds.unreachable ? (
        <p class="error" role="alert">
          {translate("connect_no_apprise", { command: COMMAND })}
        </p>
      ) : way === "push" && !canPush() ? (
        <p class="error" role="alert">
          {translate("settings_push_unable")}
        </p>
      ) : (
        <Form
          name="connect"
          submit={translate("connect_send")}
          write={way === "push" ? subscribe : known === null ? add : change}
          onSubmit={save}
        >
          <TextField name="name" label={translate("connect_name")} value={known?.name ?? ""} required maxLength={200} />
          {way === "push" ? null : way === "email" ? (
            <TextField name="mail" type="email" label={translate("connect_mail")} required maxLength={300} />
          ) : (
            <TextField
              name="address"
              type={needsApprise ? "password" : "text"}
              autocomplete="off"
              label={translate(needsApprise ? "connect_service" : "connect_address")}
              required
              maxLength={2000}
            />
          )}
          {way === "email" && !hasMailServer ? (
            <>
              <TextField name="code" type="password" autocomplete="off" label={translate("connect_code")} required maxLength={200} />
              <TextField name="server" label={translate("connect_server")} hint={translate("connect_server_hint")} maxLength={200} />
            </>
          ) : null}
          {isSecond ? (
            <NumberField
              name="minutes"
              label={translate("connect_minutes")}
              value={MINUTES}
              min={1}
              max={1440}
              unit={term("units", "min")}
              required
            />
          ) : null}
          <div class="choices-row">
            <MessageFields />
          </div>
        </Form>
      )}
      {problem === null ? null : (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      <button type="button" class="plain" onClick={onBack}>
        {translate("connect_back")}
      </button>
    </div>
  );
}
