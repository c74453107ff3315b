// New prescription of one rate on all usable ground.

import "../i18n/field_work";
import type { JSX } from "preact";
import type { FieldRecord } from "../api/registry";
import { useWrite, type BodyOf } from "../api/write";
import { areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { NumberField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { noteSaved } from "../ui/overlays";
import { cellOf } from "./drawn_zones_model";
import { givenOf, PrescriptionFields, useProductUnit } from "./prescription_fields";
import type { Prescription } from "./records";

export function OneRatePrescription({ field, onMade }: { field: FieldRecord; onMade: (id: string) => void }): JSX.Element {
  const [unit, chooseProduct] = useProductUnit();
  const make = useWrite("post", "/v1/prescriptions", { refresh: ["/v1/prescriptions"], timeoutMs: 120_000 });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = {
      ...givenOf(values),
      field: field.id,
      zones: { by: "one_rate" },
      rates_ha: [(values.number("rate") ?? 0) * areaUnitsPerHa()],
      cell_m: cellOf(field),
    };
    const made = await make.run({ body: body as unknown as BodyOf<"/v1/prescriptions", "post"> });
    if (!noteSaved(made, translate("work_made"))) return false;
    if (made !== true) onMade((made as Prescription).id);
    return true;
  };
  return (
    <div class="stack" data-panel="one-rate">
      <Form name="one_rate_prescription" submit={translate("work_make")} write={make} onSubmit={submit}>
        <p class="note">{translate("work_uniform_hint")}</p>
        <NumberField name="rate" label={translate("work_rate")} unit={toAreaUnit(1, unit).unit} step="any" min={0} required />
        <PrescriptionFields field={field} onProduct={chooseProduct} />
      </Form>
    </div>
  );
}
