// Release of a lot: what everybody may see of it behind its QR code, and its withdrawal.

import "../i18n/harvest";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useApi } from "../api/query";
import { currentSession } from "../api/session";
import { useWrite } from "../api/write";

import { dateTimeText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { CheckField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { IssuerFields, issuerOf, keepIssuer } from "./issuer_fields";
import type { LotItem } from "./records";

const RELEASE = "/v1/lots/{thing}/release";

export function ReleasePanel({ lot: { id: lot, interval_state }, wasReleased }: { lot: LotItem; wasReleased: boolean }): JSX.Element {
  const isBreached = interval_state === "breached";
  const release = useApi(RELEASE, { path: { thing: lot } }, { enabled: wasReleased });
  const withdraw = useWrite("delete", RELEASE, { refresh: [RELEASE] });
  return (
    <section class="card" data-panel="release">
      <h2>{translate("release_title")}</h2>
      <p class="note">{translate("release_hint")}</p>
      {currentSession()?.public_url === null ? (
        <p class="warning-note" role="note" data-release-url="none">
          {translate("release_no_url")}
        </p>
      ) : null}
      {isBreached ? <p class="error">{translate("harvest_no_release")}</p> : null}
      {wasReleased ? (
        <Loaded state={release}>
          {({ path, link_path, released_ms, withdrawn_ms }) =>
            withdrawn_ms === null ? (
              <div class="stack" data-release="open">
                <p>
                  {translate("release_open", { time: dateTimeText(released_ms) })} <a href={link_path}>{translate("release_page")}</a>
                </p>
                <div class="buttons">
                  <a class="button secondary" href={`${path}/card.pdf`}>
                    {translate("release_card")}
                  </a>
                  <a class="button secondary" href={`${path}/overlay`}>
                    {translate("release_overlay")}
                  </a>
                  <a class="button secondary" href={`${path}/proof.json`}>
                    {translate("release_proof")}
                  </a>
                  <AskedButton
                    text={translate("release_withdraw")}
                    question={{
                      title: translate("release_withdraw"),
                      text: translate("release_withdraw_ask"),
                      action: translate("release_withdraw"),
                    }}
                    write={withdraw}
                    run={() => withdraw.run({ params: { path: { thing: lot } } })}
                  />
                </div>
              </div>
            ) : (
              <div class="stack" data-release="withdrawn">
                <p>{translate("release_withdrawn", { time: dateTimeText(withdrawn_ms) })}</p>
                {isBreached ? null : <Choice lot={lot} />}
              </div>
            )
          }
        </Loaded>
      ) : isBreached ? null : (
        <Choice lot={lot} />
      )}
    </section>
  );
}

function Choice({ lot }: { lot: string }): JSX.Element | null {
  const open = useWrite("post", RELEASE, { refresh: [RELEASE, "/v1/lots/{thing}"] });
  if (!may("post", "/v1/lots/{thing}/release")) return <p>{translate("release_none")}</p>;
  const submit = async (values: FormValues): Promise<boolean> => {
    const issuer = issuerOf(values);
    const made = await open.run({
      params: { path: { thing: lot } },
      body: {
        ...issuer,
        origin: values.text("origin"),
        message: values.text("message"),
        grower: values.text("grower"),
        gtin: values.text("gtin"),
        shows_map: values.checked("shows_map"),
        shows_places: values.checked("shows_places"),
        shows_live: values.checked("shows_live"),
      },
    });
    if (made === null) return false;
    keepIssuer(issuer);
    showToast(translate("release_done"));
    return true;
  };
  return (
    <Form name="release" submit={translate("release_submit")} write={open} onSubmit={submit}>
      <div class="choices-row">
        <IssuerFields needsContact={false} />
        <TextField name="grower" label={translate("release_grower")} maxLength={100} hint={translate("release_grower_hint")} />
        <TextField name="origin" label={translate("release_origin")} maxLength={200} />
        <TextField name="gtin" label={translate("release_gtin")} maxLength={20} />
      </div>
      <TextField name="message" label={translate("release_message")} maxLength={500} />
      <fieldset>
        <legend>{translate("release_shows")}</legend>
        <CheckField name="shows_map" label={translate("release_map")} checked />
        <CheckField name="shows_places" label={translate("release_places")} />
        <CheckField name="shows_live" label={translate("release_live")} />
      </fieldset>
    </Form>
  );
}
