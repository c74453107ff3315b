// One-time codes by which gateways get their settings and a certificate of their own key: give one, list them, revoke.

import "../i18n/settings";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi, useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite, type AnswerOf } from "../api/write";
import { siteText } from "../i18n/device_names";
import { dateText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { CopyText } from "../ui/copy_text";
import { SelectField } from "../ui/fields";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { QrCode } from "../ui/qr_code";
import { Table, type Column } from "../ui/table";

export type Code = Exclude<AnswerOf<"/v1/gateways/{gateway}/code", "post">, undefined>;
type Enrolled = Body<"/v1/gateway-enrolments">["items"][number];

export const LIST = "/v1/gateway-enrolments";

/** The gateways that were given a code. */
export function GatewayCodes({ onRevoked }: { onRevoked: (name: string) => void }): JSX.Element | null {
  const enrolled = useApi(LIST, {});
  // A station whose broker is elsewhere has none.
  if (enrolled.failure?.status === 404) return null;
  return (
    <section class="card stack" data-panel="gateway-codes">
      <h2>{translate("settings_codes")}</h2>
      <Loaded state={enrolled}>{({ items }) => <EnrolledTable items={items} onRevoked={onRevoked} />}</Loaded>
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
      options={inUse(sites.data).map((site) => ({ value: site.name, text: siteText(site.name) }))}
      {...(sites.data?.length === 0 ? { none: "home" } : {})}
    />
  );
}

export function GivenCode({ code }: { code: Code }): JSX.Element {
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
