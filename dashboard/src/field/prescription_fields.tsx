// What every new prescription is given: its name, product, implement and season.

import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { translate } from "../i18n/translate";
import { SelectField, TextField } from "../ui/fields";
import type { FormValues } from "../ui/form";

export interface Given {
  name: string;
  product: string | null;
  implement: string | null;
  season: string | null;
}

/** Return the unit of the product that is chosen, and a function that chooses one. */
export function useProductUnit(start = ""): ["kg/ha" | "L/ha", (product: string) => void] {
  const products = useApiList("/v1/products", {});
  const [product, setProduct] = useState(start);
  const isLiquid = products.data?.find(({ id }) => id === product)?.kind === "liquid";
  return [isLiquid ? "L/ha" : "kg/ha", setProduct];
}

interface PrescriptionFieldsProps {
  field: FieldRecord;
  onProduct: (id: string) => void;
  /** What is known already: nothing is entered twice. */
  start?: Given | undefined;
}

export function PrescriptionFields({ field, onProduct, start }: PrescriptionFieldsProps): JSX.Element {
  const products = useApiList("/v1/products", {});
  const implement = useApiList("/v1/implements", {});
  const seasons = useApiList("/v1/seasons", { query: { field: field.id } });
  const named = (list: readonly { id: string; name: string }[] | undefined) =>
    (list ?? []).map(({ id, name }) => ({ value: id, text: name }));
  const none = translate("work_none");
  return (
    <div class="choices-row">
      <TextField name="name" label={translate("work_name")} required maxLength={200} value={start?.name ?? ""} />
      <SelectField
        key={`product-${products.data?.length ?? 0}`}
        name="product"
        label={translate("work_product")}
        none={none}
        value={start?.product ?? null}
        options={named(products.data)}
        onSelect={onProduct}
      />
      <SelectField
        key={`implement-${implement.data?.length ?? 0}`}
        name="implement"
        label={translate("work_implement")}
        none={none}
        value={start?.implement ?? null}
        options={named(implement.data)}
        hint={translate("work_needs_implement")}
      />
      <SelectField
        key={`season-${seasons.data?.length ?? 0}`}
        name="season"
        label={translate("work_season")}
        none={none}
        value={start?.season ?? null}
        options={named(seasons.data)}
      />
    </div>
  );
}

/** Return what is entered in `PrescriptionFields`. */
export function givenOf(values: FormValues): Given {
  return {
    name: values.text("name"),
    product: values.text("product") || null,
    implement: values.text("implement") || null,
    season: values.text("season") || null,
  };
}
