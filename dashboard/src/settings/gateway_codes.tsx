// One-time codes by which gateways get their settings and a certificate of their own key: give one, list them, revoke.

import "../i18n/settings";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi, useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite, type AnswerOf } from "../api/write";
import { dateText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { CopyText } from "../ui/copy_text";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { QrCode } from "../ui/qr_code";
import { Table, type Column } from "../ui/table";

type Code = Exclude<AnswerOf<"/v1/gateways/{gateway}/code", "post">, undefined>;
type Enrolled = Body<"/v1/gateway-enrolments">["items"][number];

const LIST = "/v1/gateway-enrolments";
/** Hosts that name only this machine. */
const OWN_HOSTS = new Set(["127.0.0.1", "localhost", "[::1]"]);
const NAME = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";

export function GatewayCodes(): JSX.Element {
  const enrolled = useApi(LIST, {});
  const [given, setGiven] = useState<Code | null>(null);
  const give = useWrite("post", "/v1/gateways/{gateway}/code", { refresh: [LIST, "/v1/gateways"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    setGiven(null);
    const body = {
      site: values.text("site") || "home",
      host: values.text("host") || null,
      station: values.text("station") || null,
    };
    const made = await give.run({ params: { path: { gateway: values.text("name") } }, body });
    if (made === null || made === true) return false;
    setGiven(made);
    return true;
  };
  return (
    <section class="card stack" data-panel="gateway-codes">
      <h2>{translate("settings_codes")}</h2>
      <p class="note">{translate("settings_codes_about")}</p>
      {enrolled.failure?.status === 404 ? (
        <p class="note">{enrolled.error}</p>
      ) : (
        <>
          {given === null ? null : <GivenCode code={given} />}
          <Form submit={translate("settings_code_give")} write={give} onSubmit={submit}>
            <div class="choices-row">
              <TextField
                name="name"
                label={translate("settings_name")}
                required
                maxLength={64}
                pattern={NAME}
                hint={translate("settings_code_name_hint")}
              />
              <GatewaySite />
              <TextField
                name="station"
                type="url"
                label={translate("settings_code_station")}
                value={location.origin}
                maxLength={300}
                {...(OWN_HOSTS.has(location.hostname) ? { hint: translate("settings_code_own_machine") } : {})}
              />
              <TextField
                name="host"
                label={translate("settings_code_broker")}
                value={OWN_HOSTS.has(location.hostname) ? "" : location.hostname}
                maxLength={253}
                hint={translate("settings_gateway_host_hint")}
              />
            </div>
          </Form>
          <Loaded state={enrolled}>
            {({ items }) => <EnrolledTable items={items} onRevoked={(name) => given?.name === name && setGiven(null)} />}
          </Loaded>
        </>
      )}
    </section>
  );
}

/** The site of a new gateway; "home" where the farm has none yet. */
export function GatewaySite(): JSX.Element {
  const sites = useApiList("/v1/sites", {});
  return (
    <SelectField
      name="site"
      label={translate("settings_site")}
      options={inUse(sites.data).map((site) => ({ value: site.name, text: site.name }))}
      {...(sites.data?.length === 0 ? { none: "home" } : {})}
    />
  );
}

function GivenCode({ code }: { code: Code }): JSX.Element {
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), [code]);
  return (
    <section class="stack" data-code={code.name} ref={place} role="status">
      <h3>{translate("settings_code_given", { name: code.name })}</h3>
      <p>{translate("settings_code_once", { date: dateText(code.expires_ms) })}</p>
      <CopyText text={code.command} />
      <QrCode text={code.command} label={translate("settings_code_qr")} isOpen />
    </section>
  );
}

function EnrolledTable({ items, onRevoked }: { items: readonly Enrolled[]; onRevoked: (name: string) => void }): JSX.Element {
  if (items.length === 0) return <p class="note">{translate("settings_codes_none")}</p>;
  const columns: Column<Enrolled>[] = [
    { key: "name", head: translate("settings_name"), cell: ({ name }) => name, sortBy: ({ name }) => name },
    { key: "code", head: translate("settings_code"), cell: codeText },
    {
      key: "certificate",
      head: translate("settings_code_certificate"),
      cell: ({ enrolled_ms, renewed_ms }) => (enrolled_ms === null ? "—" : dateText(renewed_ms ?? enrolled_ms)),
      sortBy: ({ enrolled_ms }) => enrolled_ms,
    },
    {
      key: "do",
      head: translate("actions"),
      cell: (gateway) => (gateway.is_revoked ? null : <Revoke name={gateway.name} onRevoked={onRevoked} />),
    },
  ];
  return (
    <Table name={translate("settings_codes")} rows={items} columns={columns} keyOf={({ name }) => name} searchIn={({ name }) => name} />
  );
}

function codeText({ code, code_expires_ms, is_revoked }: Enrolled): string {
  if (is_revoked) return translate("settings_code_revoked");
  if (code === "waiting" && code_expires_ms !== null) return translate("settings_code_waiting", { date: dateText(code_expires_ms) });
  return translate(code === "used" ? "settings_code_used" : "settings_code_expired");
}

function Revoke({ name, onRevoked }: { name: string; onRevoked: (name: string) => void }): JSX.Element {
  const revoke = useWrite("delete", "/v1/gateways/{gateway}/certificate", { refresh: [LIST] });
  const text = translate("settings_code_revoke");
  return (
    <AskedButton
      text={text}
      label={`${text} ${name}`}
      question={{ title: text, text: translate("settings_code_revoke_sure", { name }), action: text }}
      write={revoke}
      run={async () => {
        if ((await revoke.run({ params: { path: { gateway: name } } })) === null) return;
        showToast(translate("settings_code_revoked"));
        onRevoked(name);
      }}
    />
  );
}
