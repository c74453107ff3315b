// Form that enters a delivery from a weigh slip: who, when, what, net weight, and what it is worth.

import "../i18n/cooperative";
import "../i18n/deliveries";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { ListItem } from "../api/client";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { dateOf, startOfDateMs } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { idOfTerm, translate } from "../i18n/translate";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, FormValues } from "../ui/form";
import { showToast } from "../ui/overlays";
import { cropText, gramsOf, massText } from "./mass";
import { fenOf, yuanText } from "./money";

const NEWEST_LOTS = 200;

export function EnterDelivery({ people }: { people: readonly ListItem<"/v1/people">[] }): JSX.Element {
  const add = useWrite("post", "/v1/accounts", { refresh: ["/v1/deliveries", "/v1/accounts"] });
  const lots = useApi("/v1/lots", { query: { limit: NEWEST_LOTS } });
  const fields = useApiList("/v1/fields", {});
  const [seen, setSeen] = useState("");
  const [lacking, setLacking] = useState(false);
  const look = (form: HTMLFormElement | null): void => {
    if (form === null) return;
    setLacking(false);
    const values = new FormValues(new FormData(form));
    const [grams, price] = [gramsOf(values.number("kg")), values.number("price")];
    const text = grams > 0 && price !== null && values.number("yuan") === null;
    setSeen(
      text
        ? translate("deliv_computed", { mass: massText(grams), price: numberText(price, 2), amount: yuanText(worth(grams, price)) })
        : "",
    );
  };
  const submit = async (values: FormValues): Promise<boolean> => {
    const [amount, price, grams] = [values.number("yuan"), values.number("price"), gramsOf(values.number("kg"))];
    setLacking(amount === null && price === null);
    if (amount === null && price === null) return false;
    const made = await add.run({
      body: {
        person: values.text("person"),
        kind: "delivery",
        time_ms: startOfDateMs(values.text("date")) ?? Math.round(nowMs()),
        crop: idOfTerm("crops", values.text("crop")),
        grams,
        amount_fen: amount === null ? worth(grams, price ?? 0) : fenOf(amount),
        lot_code: values.text("lot") || null,
        field: values.text("field") || null,
        note: values.text("note"),
      },
    });
    if (made === null) return false;
    setSeen("");
    showToast(translate("saved"));
    return true;
  };
  const crops = [...new Set((lots.data?.items ?? []).map(({ crop }) => cropText(crop)))];
  if (people.length === 0) return <p class="note">{translate("coop_no_people")}</p>;
  return (
    <Form name="delivery" submit={translate("deliv_enter_submit")} write={add} onSubmit={submit}>
      <div class="stack" onInput={(event) => look(event.currentTarget.closest("form"))} data-panel="enter-delivery">
        <div class="choices-row">
          <SelectField
            name="person"
            label={translate("coop_person")}
            required
            none={translate("choose")}
            options={people.map(({ id, name, number }) => ({ value: id ?? "", text: [name, number].filter(Boolean).join(" · ") }))}
          />
          <TextField name="date" type="date" label={translate("deliv_date")} value={dateOf(nowMs())} required />
          <TextField name="crop" label={translate("deliv_crop")} required maxLength={200} proposals={crops} />
        </div>
        <div class="choices-row">
          <NumberField name="kg" label={translate("deliv_mass")} unit={translate("deliv_kg")} min={0.001} step="any" required />
          <NumberField name="price" label={translate("deliv_price")} unit={translate("deliv_price_unit")} min={0} step="any" />
          <NumberField
            name="yuan"
            label={translate("deliv_amount")}
            unit={translate("coop_yuan")}
            min={0}
            step={0.01}
            hint={translate("deliv_amount_hint")}
          />
        </div>
        {seen === "" ? null : <p role="status">{seen}</p>}
        {lacking ? (
          <p class="error" role="alert">
            {translate("deliv_amount_missing")}
          </p>
        ) : null}
        <div class="choices-row">
          <TextField
            name="lot"
            label={translate("deliv_lot")}
            maxLength={20}
            hint={translate("deliv_lot_hint")}
            proposals={(lots.data?.items ?? []).map(({ code }) => code)}
          />
          <SelectField
            name="field"
            label={translate("deliv_field")}
            none="—"
            options={(fields.data ?? []).map(({ id, name }) => ({ value: id ?? "", text: name }))}
          />
          <TextField name="note" label={translate("deliv_note")} maxLength={2000} hint={translate("deliv_note_hint")} />
        </div>
      </div>
    </Form>
  );
}

/** Return what goods are worth, in whole fen; prices have at most four decimals. */
function worth(grams: number, yuanPerKg: number): number {
  return Math.round((grams * Math.round(yuanPerKg * 10_000)) / 100_000);
}
