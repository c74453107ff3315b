// Gateways: register one, and take its settings along: by a button, as a file, or by the camera of a phone.

import { hrefOf } from "../app/address";
import "./gateways.css";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useWrite, type AnswerOf } from "../api/write";
import { translate } from "../i18n/translate";
import { CopyText } from "../ui/copy_text";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { QrCode } from "../ui/qr_code";
import { GatewayCodes, GatewaySite } from "./gateway_codes";

type Registered = Exclude<AnswerOf<"/v1/gateways", "post">, undefined>;

export function Gateways(): JSX.Element {
  return (
    <>
      <GatewayCodes />
      <GatewaySettings />
    </>
  );
}

function GatewaySettings(): JSX.Element {
  const [added, setAdded] = useState<Registered | null>(null);
  const add = useWrite("post", "/v1/gateways", { refresh: ["/v1/gateways"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const host = values.text("host");
    const made = await add.run({ body: { name: values.text("name"), site: values.text("site") || "home", host: host || null } });
    if (made === null || made === true) return false;
    setAdded(made);
    return true;
  };
  return (
    <section class="card" data-panel="gateways">
      <p class="note">{translate("settings_gateways_about")}</p>
      <p>
        <a href={hrefOf("health")}>{translate("settings_gateways_state")}</a>
      </p>
      {added === null ? null : <NewGateway added={added} />}
      <Form submit={translate("settings_gateway_add")} write={add} onSubmit={submit}>
        <h2>{translate("settings_gateway_add")}</h2>
        <div class="choices-row">
          <TextField name="name" label={translate("settings_name")} required maxLength={64} hint={translate("settings_site_name_hint")} />
          <GatewaySite />
          <TextField
            name="host"
            label={translate("settings_gateway_host")}
            maxLength={253}
            hint={translate("settings_gateway_host_hint")}
          />
        </div>
      </Form>
    </section>
  );
}

function NewGateway({ added }: { added: Registered }): JSX.Element {
  return (
    <section class="stack" data-added={added.name}>
      <h2>{translate("settings_gateway_added", { name: added.name })}</h2>
      {added.is_local ? <p class="error">{translate("settings_gateway_local")}</p> : null}
      <p>{translate("settings_gateway_once")}</p>
      <ol>
        <li>{translate("settings_gateway_step_install")}</li>
        <li>
          {translate("settings_gateway_step_file", {
            files: added.certificate_name ? `edge.toml, ${added.certificate_name}` : "edge.toml",
          })}
        </li>
        <li>
          {translate("settings_gateway_step_run")} <code>headland edge run -c edge.toml</code>
        </li>
      </ol>
      {added.needs_certificate ? <p>{translate("settings_gateway_certificate", { name: added.name })}</p> : null}
      <CopyText text={added.settings} multiline />
      <div class="buttons">
        <Download name="edge.toml" text={added.settings} />
        {added.certificate && added.certificate_name ? <Download name={added.certificate_name} text={added.certificate} /> : null}
      </div>
      <QrCode text={withoutComments(added.settings)} label={translate("settings_gateway_qr")} />
    </section>
  );
}

function Download({ name, text }: { name: string; text: string }): JSX.Element {
  return (
    <a class="button" download={name} href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}>
      {translate("settings_download", { name })}
    </a>
  );
}

function withoutComments(toml: string): string {
  return toml
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("#"))
    .map((line) => line.replace(/\s{2,}#.*$/, ""))
    .join("\n");
}
