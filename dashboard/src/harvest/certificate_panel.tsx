// Certificates of a lot: issue one, print it as page, card or label, make it void.

import { NotFound } from "../ui/not_found";
import "../i18n/harvest";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import { may } from "../api/may";
import { reload, useApiList } from "../api/query";
import { errorText, requestResponse } from "../api/request";
import { useWrite } from "../api/write";
import { useView } from "../app/mount";
import { saveFile } from "../components/files";
import { dateTimeText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { CheckField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { confirm, showToast } from "../ui/overlays";
import { IssuerFields, issuerOf, keepIssuer, knownIssuer } from "./issuer_fields";
import { FORMS, massText, type CertificateItem, type LotItem, type PrintForm } from "./records";

const BASES = ["own_control", "own_test", "commissioned_test"] as const;

export function CertificatePanel({ lot }: { lot: LotItem }): JSX.Element {
  const isBreached = lot.interval_state === "breached";
  const certificates = useApiList("/v1/lots/{thing}/certificates", { path: { thing: lot.id } });
  const asked = useView().route.query.get("certificate");
  return (
    <section class="card" data-panel="certificate">
      <h2>{translate("harvest_certificate")}</h2>
      {lot.simulated ? <p class="error">{translate("harvest_simulated")}</p> : null}
      {isBreached ? <p class="error">{translate("harvest_no_papers")}</p> : null}
      <Loaded state={certificates}>
        {(items) => (
          <>
            {asked === null || items.some(({ id }) => id === asked) ? null : <NotFound kind="certificate" id={asked} />}
            {items.map((item) => (
              <Issued key={item.id} item={item} isAsked={item.id === asked} isBreached={isBreached} />
            ))}
            {items.some(({ state }) => state === "valid") ? null : (
              <>
                {!lot.simulated && !isBreached && may("post", "/v1/lots/{thing}/certificates") ? <Issue lot={lot.id} /> : null}
                <Specimen lot={lot.id} />
              </>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

function Issue({ lot }: { lot: string }): JSX.Element {
  const issue = useWrite("post", "/v1/lots/{thing}/certificates", { refresh: ["/v1/lots/{thing}/certificates", "/v1/certificates"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const issuer = issuerOf(values);
    const author = values.text("author");
    const basis = BASES.filter((each) => values.checked(each));
    const made = await issue.run({
      params: { path: { thing: lot } },
      body: { ...issuer, author, basis, tested: values.text("tested") },
    });
    if (made === null || made === true) return false;
    keepIssuer(issuer);
    keepAuthor(author);
    showToast(translate("harvest_issued", { number: made.number }));
    return true;
  };
  return (
    <Form name="certificate" submit={translate("harvest_issue")} write={issue} onSubmit={submit}>
      <div class="choices-row">
        <IssuerFields needsContact />
        <TextField name="author" label={translate("harvest_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
      </div>
      <fieldset>
        <legend>{translate("harvest_basis")}</legend>
        {BASES.map((basis) => (
          <CheckField key={basis} name={basis} label={translate(`harvest_${basis}`)} checked={basis === "own_control"} />
        ))}
      </fieldset>
      <TextField name="tested" label={translate("harvest_tested")} maxLength={2000} />
      <p class="note">{translate("harvest_promise")}</p>
    </Form>
  );
}

/** What a certificate of the lot would look like, marked across as a specimen. */
function Specimen({ lot }: { lot: string }): JSX.Element {
  const print = (form: PrintForm): Promise<Response> => {
    const { issuer, contact } = knownIssuer();
    const asked = new URLSearchParams({ form, issuer: issuer || translate("harvest_issuer"), contact });
    return requestResponse(`/v1/lots/${lot}/specimen?${asked.toString()}`);
  };
  return (
    <details class="fold">
      <summary>{translate("harvest_specimen")}</summary>
      <p class="note">{translate("harvest_specimen_hint")}</p>
      <PrintButtons name="specimen" print={print} />
    </details>
  );
}

/** A button for each form of paper; `name` begins the names of the files. */
function PrintButtons({
  name,
  print,
  forms = FORMS,
  children,
}: {
  name: string;
  print: (form: PrintForm) => Promise<Response>;
  forms?: readonly PrintForm[];
  children?: ComponentChildren;
}): JSX.Element {
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async (form: PrintForm): Promise<void> => {
    setBusy(true);
    setError("");
    try {
      saveFile(await (await print(form)).blob(), `${name}-${form}.pdf`);
    } catch (thrown) {
      setError(errorText(thrown) ?? "");
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div class="buttons">
        {forms.map((form) => (
          <button key={form} type="button" class="secondary" disabled={busy} onClick={() => void save(form)}>
            {translate(`harvest_form_${form}`)}
          </button>
        ))}
        {children}
      </div>
      <Fault text={error} />
    </>
  );
}

function Fault({ text }: { text: string }): JSX.Element | null {
  return text === "" ? null : (
    <p class="error" role="alert">
      {text}
    </p>
  );
}

/** `isAsked`: a link led here. */
function Issued({ item, isAsked, isBreached }: { item: CertificateItem; isAsked: boolean; isBreached: boolean }): JSX.Element {
  const [error, setError] = useState("");
  const print = (form: PrintForm): Promise<Response> => {
    const body = { author: knownAuthor() || item.issuer, form, base_url: location.origin };
    return requestResponse(`/v1/certificates/${item.id}/copies`, { method: "POST", body });
  };
  const makeVoid = async (): Promise<void> => {
    const asked = {
      title: translate("harvest_make_void"),
      text: translate("harvest_void_ask", { number: item.number }),
      action: translate("harvest_make_void"),
    };
    if (!(await confirm(asked))) return;
    try {
      const body = { author: knownAuthor() || item.issuer, reason: translate("harvest_void_reason") };
      await requestResponse(`/v1/certificates/${item.id}/void`, { method: "POST", body });
      await reload("/v1/lots/{thing}/certificates", "/v1/certificates");
    } catch (thrown) {
      setError(errorText(thrown) ?? "");
    }
  };
  const isValid = item.state === "valid";
  return (
    <div class="stack" data-certificate={item.state} {...(isAsked ? { "aria-current": "true" as const } : {})}>
      <p>
        <strong>{item.number}</strong> · {massText(item.grams)} · {item.issuer} · {dateTimeText(item.issued_ms)} ·{" "}
        {translate(isValid ? "harvest_valid" : "harvest_void")}
      </p>
      {isValid && may("post", "/v1/certificates/{thing}/copies") ? (
        <>
          {["localhost", "127.0.0.1"].includes(location.hostname) ? <p class="note">{translate("harvest_local")}</p> : null}
          <PrintButtons name={`certificate-${item.number}`} print={print} forms={isBreached ? [] : FORMS}>
            <button type="button" class="plain" onClick={() => void makeVoid()}>
              {translate("harvest_make_void")}
            </button>
          </PrintButtons>
        </>
      ) : null}
      <Fault text={error} />
    </div>
  );
}
