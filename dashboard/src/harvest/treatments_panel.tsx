// Treatments of a field or of all places, each checked against the labels of its products, and the form that enters one.

import { chosenOf, onlyOf } from "../components/choice";
import "../i18n/harvest";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";

import { exactInstantOf, localInput, windowText } from "../i18n/instants";
import { currentLanguage } from "../i18n/preferences";
import { translate, type TextKey } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { confirm, noteSaved, showToast } from "../ui/overlays";
import { TreatmentBreaches } from "./breach_panel";
import { CROPS, cropText, evidenceText, type ProtectionProduct, type TreatmentItem } from "./records";

/** What a treatment changes: it also looks back on what was harvested before it was entered. */
const TOUCHED = [
  "/v1/treatments",
  "/v1/treatments/{thing}/check",
  "/v1/harvest-intervals",
  "/v1/lots",
  "/v1/lots/{thing}",
  "/v1/certificates",
  "/v1/tonight",
] as const;
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
      {may("post", "/v1/treatments") && (place.field || place.zone) && (products.data ?? []).length > 0 ? (
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
  const [correcting, setCorrecting] = useState(false);
  const names = item.mix.map(({ product }) => products.find(({ id }) => id === product)?.name ?? "").filter(Boolean);
  return (
    <details class="fold" onToggle={(event) => setOpen(event.currentTarget.open)} data-treatment={item.id}>
      <summary>
        {[names.join(" + "), cropText(item.crop), windowText(item.start_ms, item.end_ms), item.author].filter(Boolean).join(" · ")}
        {item.lots_within > 0 ? (
          <strong class="error" role="alert" data-within={item.lots_within}>
            {" "}
            {translate("harvest_within", { count: item.lots_within })}
          </strong>
        ) : null}
      </summary>
      {open ? <Check treatment={item.id} /> : null}
      {open && may("post", "/v1/treatments") ? (
        <div class="buttons">
          <button type="button" class="secondary" aria-pressed={correcting} onClick={() => setCorrecting(!correcting)}>
            {translate("harvest_treat_correct")}
          </button>
          <Withdraw item={item} />
        </div>
      ) : null}
      {open && correcting ? (
        <>
          <p class="note">{translate("harvest_treat_correct_about")}</p>
          <TreatmentForm place={placeOf(item)} products={products} corrected={item} onDone={() => setCorrecting(false)} />
        </>
      ) : null}
    </details>
  );
}

function placeOf({ field, zone }: TreatmentItem): PlaceOf {
  return { ...(field === null ? {} : { field }), ...(zone === null ? {} : { zone }) };
}

/** Takes a treatment back by a new entry that names it: it was never carried out. */
function Withdraw({ item }: { item: TreatmentItem }): JSX.Element {
  const add = useWrite("post", "/v1/treatments", { refresh: TOUCHED });
  const withdraw = async (): Promise<void> => {
    const asked = { title: translate("harvest_treat_withdraw"), text: translate("harvest_treat_withdraw_text") };
    if (!(await confirm({ ...asked, action: translate("harvest_treat_withdraw") }))) return;
    const { crop, target, start_ms, end_ms, mix, author, pass_id } = item;
    const facts = {
      crop,
      target,
      start_ms,
      end_ms,
      mix,
      author,
      pass_id,
      water_l_ha: item.water_l_ha,
      treated_area_m2: item.treated_area_m2,
    };
    const body = { ...placeOf(item), ...facts, simulated: item.evidence === "simulated", corrects: item.id, withdrawn: true };
    noteSaved(await add.run({ body }));
  };
  return (
    <>
      <button type="button" class="secondary" disabled={add.saving} onClick={() => void withdraw()}>
        {translate("harvest_treat_withdraw")}
      </button>
      <ErrorText error={add.error} inline />
    </>
  );
}

function Check({ treatment }: { treatment: string }): JSX.Element {
  const check = useApi("/v1/treatments/{thing}/check", { path: { thing: treatment } });
  const zh = currentLanguage() === "zh-CN";
  return (
    <Loaded state={check}>
      {(found) => (
        <>
          <TreatmentBreaches check={found} product={found.products.map(({ name }) => name).join(" + ")} />
          {found.products.map(({ product, name, registration_number, is_sample, findings }) => (
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

interface TreatmentFormProps {
  place: PlaceOf;
  products: readonly ProtectionProduct[];
  /** The entry that the new one replaces. */
  corrected?: TreatmentItem;
  onDone?: () => void;
}

function TreatmentForm({ place, products, corrected, onDone }: TreatmentFormProps): JSX.Element {
  const [product, setProduct] = useState(corrected?.mix[0]?.product ?? onlyOf(products)?.id ?? "");
  // The other products of a tank mix stay in it.
  const others = corrected?.mix.slice(1) ?? [];
  const chosen = chosenOf(products, product);
  const now = nowMs();
  const add = useWrite("post", "/v1/treatments", { refresh: TOUCHED });
  const submit = async (values: FormValues): Promise<boolean> => {
    const author = values.text("author");
    const start = exactInstantOf(values.text("start"), corrected?.start_ms) ?? Math.round(now - HOUR_MS);
    const end = exactInstantOf(values.text("end"), corrected?.end_ms) ?? Math.round(now);
    const pass = values.text("pass");
    const body = {
      ...place,
      pass_id: pass === "" ? null : pass,
      ...(corrected === undefined
        ? {}
        : {
            corrects: corrected.id,
            simulated: corrected.evidence === "simulated",
            treated_area_m2: corrected.treated_area_m2,
            note: corrected.note,
          }),
      crop: values.text("crop"),
      target: values.text("target"),
      start_ms: start,
      end_ms: end,
      mix: [
        { product, dose_ha: values.number("dose") ?? 0 },
        ...others.map((part, at) => ({ ...part, dose_ha: values.number(`dose-${at}`) ?? 0 })),
      ],
      water_l_ha: values.number("water"),
      author,
    };
    const made = await add.run({ body });
    if (made === null) return false;
    keepAuthor(author);
    const within = made === true ? 0 : made.lots_within;
    showToast(within > 0 ? translate("harvest_within", { count: within }) : translate("harvest_treated"));
    onDone?.();
    return true;
  };
  const unitOf = (one: ProtectionProduct | undefined): string => (one?.unit === "kg" ? translate("harvest_kg") : "L");
  return (
    <Form
      name="treatment"
      submit={translate(corrected === undefined ? "harvest_treat_submit" : "harvest_treat_correct")}
      write={add}
      onSubmit={submit}
      {...(onDone === undefined ? {} : { onCancel: onDone })}
    >
      <SelectField
        name="product"
        label={translate("harvest_chosen")}
        value={product}
        options={products.map(({ id, name, registration_number }) => ({ value: id, text: `${name} · ${registration_number}` }))}
        onSelect={setProduct}
      />
      <SelectField
        name="crop"
        label={translate("harvest_crop")}
        value={corrected?.crop}
        options={[...new Set([...CROPS, ...(corrected === undefined ? [] : [corrected.crop])])].map((each) => ({
          value: each,
          text: cropText(each),
        }))}
      />
      <div class="choices-row">
        <NumberField
          name="dose"
          label={translate("harvest_dose")}
          unit={unitOf(chosen)}
          min={0}
          step="any"
          required
          value={corrected?.mix[0]?.dose_ha}
        />
        {others.map((part, at) => {
          const other = products.find(({ id }) => id === part.product);
          const label = `${translate("harvest_dose")}: ${other?.name ?? "—"}`;
          return (
            <NumberField
              key={part.product}
              name={`dose-${at}`}
              label={label}
              unit={unitOf(other)}
              min={0}
              step="any"
              required
              value={part.dose_ha}
            />
          );
        })}
        <NumberField
          name="water"
          label={translate("harvest_water")}
          unit={translate("harvest_water_unit")}
          min={0}
          step="any"
          value={corrected?.water_l_ha}
        />
        <TextField name="target" label={translate("harvest_target")} maxLength={200} value={corrected?.target ?? ""} />
      </div>
      <div class="choices-row">
        <TextField
          name="start"
          label={translate("harvest_time")}
          type="datetime-local"
          value={localInput(corrected?.start_ms ?? now - HOUR_MS)}
          required
        />
        <TextField
          name="end"
          label={translate("harvest_until")}
          type="datetime-local"
          value={localInput(corrected?.end_ms ?? now)}
          required
        />
      </div>
      {place.field ? <PassField field={place.field} chosen={corrected?.pass_id ?? ""} /> : null}
      <TextField
        name="author"
        label={translate("harvest_author")}
        value={corrected?.author ?? knownAuthor()}
        required
        maxLength={200}
        autocomplete="name"
      />
    </Form>
  );
}

function PassField({ field, chosen }: { field: string; chosen: string }): JSX.Element {
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
      value={chosen}
      options={[
        ...items.map(({ id, start_ms, end_ms, device }) => ({ value: id, text: `${windowText(start_ms, end_ms)} · ${device}` })),
        // An older pass stays named, also where the list of passes does not reach back to it.
        ...(chosen === "" || items.some(({ id }) => id === chosen) ? [] : [{ value: chosen, text: translate("harvest_pass_older") }]),
      ]}
    />
  );
}
