// What stands in the place of a thing that does not exist: which one was asked for, and the way back.

import "../i18n/not_found";
import type { JSX } from "preact";
import { translate, type TextKey } from "../i18n/translate";

const NAMES = {
  field: "thing_field",
  pass: "thing_pass",
  greenhouse: "thing_greenhouse",
  lot: "thing_lot",
  certificate: "thing_certificate",
  device: "thing_device",
  gateway: "thing_gateway",
  alarm: "thing_alarm",
  note: "thing_note",
  site: "thing_site",
  person: "thing_person",
  prescription: "thing_prescription",
  harvest: "thing_harvest",
  tab: "thing_tab",
} as const satisfies Record<string, TextKey>;

export type MissingKind = keyof typeof NAMES;

export interface NotFoundProps {
  kind: MissingKind;
  id: string;
  /** Where the existing ones are listed. */
  back?: { href: string; text: string };
}

export function NotFound({ kind, id, back }: NotFoundProps): JSX.Element {
  return (
    <section class="card not-found" role="status" data-not-found={kind}>
      <h2>{translate("not_found", { what: translate(NAMES[kind]) })}</h2>
      <p>{translate(kind === "alarm" ? "not_found_alarm" : "not_found_why", { what: translate(NAMES[kind]), id })}</p>
      {back ? (
        <a class="button" href={back.href}>
          {back.text}
        </a>
      ) : null}
    </section>
  );
}
