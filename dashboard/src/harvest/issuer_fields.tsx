// Fields of who issues, as this device knows them from the last time, for certificates and releases.

import "../i18n/harvest";
import type { JSX } from "preact";
import { translate } from "../i18n/translate";
import { TextField } from "../ui/fields";
import type { FormValues } from "../ui/form";

/** Where this device keeps who issued last, and how to reach them. */
const ISSUER = "headland-issuer";
const CONTACT = "headland-issuer-contact";

export interface Issuer {
  issuer: string;
  contact: string;
}

export function IssuerFields({ needsContact }: { needsContact: boolean }): JSX.Element {
  const { issuer, contact } = knownIssuer();
  return (
    <>
      <TextField name="issuer" label={translate("harvest_issuer")} value={issuer} required maxLength={200} autocomplete="organization" />
      <TextField
        name="contact"
        label={translate("harvest_contact")}
        value={contact}
        required={needsContact}
        maxLength={200}
        autocomplete="tel"
      />
    </>
  );
}

export function issuerOf(values: FormValues): Issuer {
  return { issuer: values.text("issuer"), contact: values.text("contact") };
}

export function knownIssuer(): Issuer {
  return { issuer: localStorage.getItem(ISSUER) ?? "", contact: localStorage.getItem(CONTACT) ?? "" };
}

export function keepIssuer({ issuer, contact }: Issuer): void {
  localStorage.setItem(ISSUER, issuer);
  if (contact) localStorage.setItem(CONTACT, contact);
}
