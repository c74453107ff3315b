// Gateways: register one, and take its settings along: by a button, as a file, or by the camera of a phone.

import { hrefOf } from "../app/address";
import "./gateways.css";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi } from "../api/query";
import { useWrite, type AnswerOf } from "../api/write";
import { translate } from "../i18n/translate";
import { CopyText } from "../ui/copy_text";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { QrCode } from "../ui/qr_code";
import { OWN_HOSTS } from "./own_hosts";
import { GatewayCodes, GatewaySite, GivenCode, LIST, type Code } from "./gateway_codes";

type Registered = Exclude<AnswerOf<"/v1/gateways", "post">, undefined>;

const NAME = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";

export function Gateways(): JSX.Element {
  const [code, setCode] = useState<Code | null>(null);
  return (
    <>
      <AddGateway code={code} onCode={setCode} />
      <GatewayCodes onRevoked={(name) => (code?.name === name ? setCode(null) : undefined)} />
    </>
  );
}

/** A gateway gets a one-time code where the farm accepts codes, else a file with its settings; which of the two is said before. */
function AddGateway({ code, onCode }: { code: Code | null; onCode: (code: Code | null) => void }): JSX.Element {
  const enrolled = useApi(LIST, {});
  // Which of the two is not known yet: a form that changed later would change under a person's hands.
  const isAsked = enrolled.data === undefined && enrolled.failure === null;
  const canGive = enrolled.data !== undefined && enrolled.data.cannot_give === null;
  const [asFile, setAsFile] = useState(false);
  const byCode = canGive && !asFile;
  const [added, setAdded] = useState<Registered | null>(null);
  const add = useWrite("post", "/v1/gateways", { refresh: ["/v1/gateways"] });
  const give = useWrite("post", "/v1/gateways/{gateway}/code", { refresh: [LIST, "/v1/gateways"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    onCode(null);
    setAdded(null);
    const [name, site, host] = [values.text("name"), values.text("site") || "home", values.text("host") || null];
    if (byCode) {
      const body = { site, host, station: values.text("station") || null };
      const made = await give.run({ params: { path: { gateway: name } }, body });
      if (made === null || made === true) return false;
      onCode(made);
      return true;
    }
    const made = await add.run({ body: { name, site, host } });
    if (made === null || made === true) return false;
    setAdded(made);
    return true;
  };
  return (
    <section class="card stack" data-panel="gateways">
      <p class="note">{translate("settings_gateways_about")}</p>
      <p>
        <a href={hrefOf("health")}>{translate("settings_gateways_state")}</a>
      </p>
      {code === null ? null : <GivenCode code={code} />}
      {added === null ? null : <NewGateway added={added} />}
      {isAsked ? null : (
        <Form
          name="gateway"
          submit={translate(byCode ? "settings_code_give" : "settings_gateway_add")}
          write={byCode ? give : add}
          onSubmit={submit}
        >
          <h2>{translate("settings_gateway_add")}</h2>
          <p class="note" data-way={byCode ? "code" : "file"}>
            {translate(byCode ? "settings_codes_about" : canGive ? "settings_file_about" : "settings_codes_off")}
          </p>
          <div class="choices-row">
            <TextField
              name="name"
              label={translate("settings_name")}
              required
              maxLength={64}
              pattern={NAME}
              hint={translate("settings_gateway_name_hint")}
            />
            <GatewaySite />
            {byCode ? <StationField /> : null}
            <TextField
              name="host"
              label={translate("settings_gateway_host")}
              value={OWN_HOSTS.has(location.hostname) ? "" : location.hostname}
              maxLength={253}
              hint={translate("settings_gateway_host_hint")}
            />
          </div>
        </Form>
      )}
      {canGive ? (
        <button type="button" class="plain" onClick={() => setAsFile(!asFile)}>
          {translate(asFile ? "settings_way_code" : "settings_way_file")}
        </button>
      ) : null}
    </section>
  );
}

function StationField(): JSX.Element {
  return (
    <TextField
      name="station"
      type="url"
      label={translate("settings_code_station")}
      value={location.origin}
      maxLength={300}
      {...(OWN_HOSTS.has(location.hostname) ? { hint: translate("settings_code_own_machine") } : {})}
    />
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
