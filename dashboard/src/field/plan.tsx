// Planning of a field: seasons, a nitrogen recommendation by a published rule, prescriptions by zones, and their files for machines.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import type { FieldRecord } from "../api/registry";
import { Seasons } from "./inputs";
import { Prescriptions } from "./prescriptions";
import { Recommend } from "./recommend";

export function Plan({ field }: { field: FieldRecord }): JSX.Element {
  return (
    <>
      <Recommend field={field} />
      <Prescriptions field={field} />
      <Seasons field={field.id} />
    </>
  );
}
