// Treatments of a field or of all places, each checked against the labels of its products, and the form that enters one.

import "../i18n/harvest";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { mayWrite } from "../app/mount";
import { instantOf, localInput, windowText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { translate, type TextKey } from "../i18n/translate";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { CROPS, cropText, evidenceText, keepAuthor, knownAuthor, type ProtectionProduct, type TreatmentItem } from "./records";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface PlaceOf {
  field?: string;
  zone?: string;
}

export function TreatmentsPanel({ place }: { place: PlaceOf }): JSX.Element {
  const treatments = useApiList("/v1/treatments", { query: place });
  const products = useApiList("/v1/plant-protection-products", {});
  return (
    <section class="stack" data-panel="treatments">
      <Loaded state={treatments}>
        {(items) =>
          items.length === 0 ? (
            <p class="note">{translate("harvest_treatments_none")}</p>
          ) : (
            [...items].reverse().map((item) => <OneTreatment key={item.id} item={item} products={products.data ?? []} />)
          )
        }
      </Loaded>
      {mayWrite() && (place.field || place.zone) && (products.data ?? []).length > 0 ? (
        <details class="fold">
          <summary>{translate("harvest_treat")}</summary>
          <TreatmentForm place={place} products={products.data ?? []} />
        </details>
      ) : null}
    </section>
  );
}

function OneTreatment({ item, products }: { item: TreatmentItem; products: readonly ProtectionProduct[] }): JSX.Element {
  const [open, setOpen] = useState(false);
  const names = item.mix.map(({ product }) => products.find(({ id }) => id === product)?.name ?? "").filter(Boolean);
  return (
    <details class="fold" onToggle={(event) => setOpen(event.currentTarget.open)} data-treatment={item.id}>
      <summary>
        {[names.join(" + "), cropText(item.crop), windowText(item.start_ms, item.end_ms), item.author].filter(Boolean).join(" · ")}
      </summary>
      {open ? <Check treatment={item.id} /> : null}
    </details>
  );
}

function Check({ treatment }: { treatment: string }): JSX.Element {
  const check = useApi("/v1/treatments/{thing}/check", { path: { thing: treatment } });
  const zh = currentLanguage() === "zh-CN";
  return (
    <Loaded state={check}>
      {({ products }) => (
        <>
          {products.map(({ product, name, registration_number, is_sample, findings }) => (
            <div key={product} class="stack">
              <h3>
                {name} · {registration_number}
                {is_sample ? ` · ${translate("harvest_sample")}` : ""}
              </h3>
              <ul class="findings">
                {findings.map((finding) => (
                  <li key={finding.check} data-state={finding.state}>
                    <strong>{translate(`harvest_state_${finding.state}` as TextKey)}</strong> {zh ? finding.text_zh : finding.text}{" "}
                    <span class="note">{evidenceText(finding.evidence)}</span>
                  </li>
                ))}
              </ul>
            </div>
          ))}
        </>
      )}
    </Loaded>
  );
}

function TreatmentForm({ place, products }: { place: PlaceOf; products: readonly ProtectionProduct[] }): JSX.Element {
  const [product, setProduct] = useState(products[0]?.id ?? "");
  const chosen = products.find(({ id }) => id === product) ?? products[0];
  const now = nowMs();
  const add = useWrite("post", "/v1/treatments", { refresh: ["/v1/treatments", "/v1/harvest-intervals"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const author = values.text("author");
    const start = instantOf(values.text("start")) ?? Math.round(now - HOUR_MS);
    const end = instantOf(values.text("end")) ?? Math.round(now);
    const pass = values.text("pass");
    const body = {
      ...place,
      pass_id: pass === "" ? null : pass,
      crop: values.text("crop"),
      target: values.text("target"),
      start_ms: start,
      end_ms: end,
      mix: [{ product, dose_ha: values.number("dose") ?? 0 }],
      water_l_ha: values.number("water"),
      author,
    };
    if ((await add.run({ body })) === null) return false;
    keepAuthor(author);
    showToast(translate("harvest_treated"));
    return true;
  };
  return (
    <Form submit={translate("harvest_treat_submit")} write={add} onSubmit={submit}>
      <SelectField
        name="product"
        label={translate("harvest_chosen")}
        value={product}
        options={products.map(({ id, name, registration_number }) => ({ value: id, text: `${name} · ${registration_number}` }))}
        onSelect={setProduct}
      />
      <SelectField name="crop" label={translate("harvest_crop")} options={CROPS.map((each) => ({ value: each, text: cropText(each) }))} />
      <div class="choices-row">
        <NumberField
          name="dose"
          label={translate("harvest_dose")}
          unit={chosen?.unit === "kg" ? translate("harvest_kg") : "L"}
          min={0}
          step="any"
          required
        />
        <NumberField name="water" label={translate("harvest_water")} unit={translate("harvest_water_unit")} min={0} step="any" />
        <TextField name="target" label={translate("harvest_target")} maxLength={200} />
      </div>
      <div class="choices-row">
        <TextField name="start" label={translate("harvest_time")} type="datetime-local" value={localInput(now - HOUR_MS)} required />
        <TextField name="end" label={translate("harvest_until")} type="datetime-local" value={localInput(now)} required />
      </div>
      {place.field ? <PassField field={place.field} /> : null}
      <TextField name="author" label={translate("harvest_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
    </Form>
  );
}

function PassField({ field }: { field: string }): JSX.Element {
  const now = nowMs();
  const passes = useApi("/v1/fields/{field}/passes", {
    path: { field },
    query: { start: Math.round(now - 60 * DAY_MS), end: Math.round(now) },
  });
  const items = (passes.data?.items ?? []) as readonly { id: string; start_ms: number; end_ms: number; device: string }[];
  return (
    <SelectField
      name="pass"
      label={translate("harvest_pass")}
      none={translate("harvest_no_pass")}
      options={items.map(({ id, start_ms, end_ms, device }) => ({ value: id, text: `${windowText(start_ms, end_ms)} · ${device}` }))}
    />
  );
}
