// What every new prescription is given: its name, product, implement and season.

import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { translate } from "../i18n/translate";
import { SelectField, TextField } from "../ui/fields";
import type { FormValues } from "../ui/form";

interface Given {
  name: string;
  product: string | null;
  implement: string | null;
  season: string | null;
}

/** Return the unit of the product that is chosen, and a function that chooses one. */
export function useProductUnit(): ["kg/ha" | "L/ha", (product: string) => void] {
  const products = useApiList("/v1/products", {});
  const [product, setProduct] = useState("");
  const isLiquid = products.data?.find(({ id }) => id === product)?.kind === "liquid";
  return [isLiquid ? "L/ha" : "kg/ha", setProduct];
}

export function PrescriptionFields({ field, onProduct }: { field: FieldRecord; onProduct: (id: string) => void }): JSX.Element {
  const products = useApiList("/v1/products", {});
  const implement = useApiList("/v1/implements", {});
  const seasons = useApiList("/v1/seasons", { query: { field: field.id } });
  const named = (list: readonly { id: string; name: string }[] | undefined) =>
    (list ?? []).map(({ id, name }) => ({ value: id, text: name }));
  const none = translate("work_none");
  return (
    <div class="choices-row">
      <TextField name="name" label={translate("work_name")} required maxLength={200} />
      <SelectField name="product" label={translate("work_product")} none={none} options={named(products.data)} onSelect={onProduct} />
      <SelectField
        name="implement"
        label={translate("work_implement")}
        none={none}
        options={named(implement.data)}
        hint={translate("work_needs_implement")}
      />
      <SelectField name="season" label={translate("work_season")} none={none} options={named(seasons.data)} />
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
