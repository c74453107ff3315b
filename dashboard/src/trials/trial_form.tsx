// Design of a trial: treatments, plots and place, with the layout on a map before it is stored.

import "../i18n/trials";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { usePreview } from "../app/preview";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { request } from "../api/request";
import { useWrite, type BodyOf } from "../api/write";
import type { Features } from "../components/map";
import { areaText, areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { ZoneKey } from "../field/zone_key";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { noteSaved } from "../ui/overlays";
import { Form } from "../ui/form";
import { FormState } from "../ui/form_state";
import { LayoutMap } from "./layout_map";
import { treatmentColour, type Drawing } from "./records";

type Order = BodyOf<"/v1/trials", "post">;
type Treatment = NonNullable<Order["treatments"]>[number];
const KINDS = ["strips", "rcbd", "split_plot", "checkerboard"] as const;
type Kind = (typeof KINDS)[number];

interface Row {
  name: string;
  rate: string;
  nitrogen: string;
  germplasm: string;
}

const EMPTY: Row = { name: "", rate: "", nitrogen: "", germplasm: "" };

export function TrialForm({ field, onMade }: { field: FieldRecord; onMade: (id: string) => void }): JSX.Element {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("rcbd");
  const [rows, setRows] = useState<readonly Row[]>([
    { ...EMPTY, name: "N0", rate: "0", nitrogen: "0" },
    { ...EMPTY, name: "N1" },
  ]);
  const [mains, setMains] = useState<readonly Row[]>([
    { ...EMPTY, name: "A" },
    { ...EMPTY, name: "B" },
  ]);
  const [numbers, setNumbers] = useState({ replicates: "4", columns: "4", length: "20", width: "6", gap: "0", heading: "" });
  const [corner, setCorner] = useState<{ longitude: number; latitude: number } | null>(null);
  const [seed, setSeed] = useState(newSeed);
  const [product, setProduct] = useState("");
  const [variables, setVariables] = useState<readonly string[]>([]);
  const products = useApiList("/v1/products", {});
  const known = useApiList("/v1/trial-variables", {});
  const germplasm = useApiList("/v1/germplasm", {});
  const store = useWrite("post", "/v1/trials", { refresh: ["/v1/trials"] });
  const unit = products.data?.find(({ id }) => id === product)?.kind === "liquid" ? "L/ha" : "kg/ha";
  const order: Order = {
    field: field.id,
    name: name.trim() || translate("trial_one"),
    kind,
    treatments: rows.map(treatmentOf),
    main_treatments: kind === "split_plot" ? mains.map(treatmentOf) : [],
    replicates: Number(numbers.replicates),
    columns: kind === "checkerboard" ? Number(numbers.columns) : null,
    seed,
    length_m: Number(numbers.length),
    width_m: Number(numbers.width),
    gap_m: Number(numbers.gap),
    heading_deg: numbers.heading === "" ? null : Number(numbers.heading) % 360,
    longitude_deg: corner?.longitude ?? null,
    latitude_deg: corner?.latitude ?? null,
    product: product || null,
    variables: [...variables],
  };
  const isComplete = rows.every(({ name: each }) => each.trim() !== "");
  // The station has the design and the field. The name of a stored trial may be in use: it is of no matter here.
  const preview = usePreview(isComplete ? JSON.stringify({ ...order, name: "-" }) : "", (text, signal) => {
    const body = { ...JSON.parse(text), name: `- ${Date.now()}` };
    return request<Drawing>("/v1/trials", { method: "POST", query: { keep: false }, body, signal });
  });
  const count = (key: keyof typeof numbers, label: string, suffix: string, hint?: string): JSX.Element => (
    <div class="labelled">
      <label for={`trial-${key}`}>{label}</label>
      <span class="with-unit">
        <input
          id={`trial-${key}`}
          type="number"
          min={0}
          step="any"
          inputMode="decimal"
          value={numbers[key]}
          onInput={(event) => setNumbers({ ...numbers, [key]: event.currentTarget.value })}
        />
        {suffix === "" ? null : <span class="unit">{suffix}</span>}
      </span>
      {hint === undefined ? null : <span class="note">{hint}</span>}
    </div>
  );
  const design = { name, kind, rows, mains, numbers, corner, seed, product, variables };
  const restore = (typed: typeof design): void => {
    setName(typed.name);
    setKind(typed.kind);
    setRows(typed.rows);
    setMains(typed.mains);
    setNumbers(typed.numbers);
    setCorner(typed.corner);
    setSeed(typed.seed);
    setProduct(typed.product);
    setVariables(typed.variables);
  };
  const submit = async (): Promise<boolean> => {
    const made = await store.run({ body: order });
    if (!noteSaved(made)) return false;
    if (made !== true) onMade((made as unknown as Drawing).trial.id ?? "");
    return true;
  };
  return (
    <div class="stack" data-panel="trial-form">
      <p class="note">{translate("trial_about")}</p>
      <div class="choices-row">
        <div class="labelled">
          <label for="trial-name">{translate("trial_name")}</label>
          <input id="trial-name" maxLength={200} value={name} onInput={(event) => setName(event.currentTarget.value)} />
        </div>
        <Choice
          label={translate("trial_kind")}
          value={kind}
          options={KINDS.map((value) => ({ value, text: translate(`trial_kind_${value}`) }))}
          onChoose={setKind}
        />
        <Choice
          label={translate("trial_product")}
          value={product}
          none={translate("trial_no_product")}
          options={(products.data ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={setProduct}
        />
      </div>
      {kind === "split_plot" ? (
        <TreatmentRows title={translate("trial_mains")} rows={mains} unit={unit} germplasm={germplasm.data ?? []} onRows={setMains} />
      ) : null}
      <TreatmentRows title={translate("trial_treatments")} rows={rows} unit={unit} germplasm={germplasm.data ?? []} onRows={setRows} />
      <div class="choices-row">
        {count("replicates", translate(kind === "checkerboard" ? "trial_rows" : "trial_replicates"), "")}
        {kind === "checkerboard" ? count("columns", translate("trial_columns"), "") : null}
        {count("length", translate("trial_length"), "m")}
        {count("width", translate("trial_width"), "m")}
        {count("gap", translate("trial_gap"), "m")}
        {count("heading", translate("trial_heading"), "°", translate("trial_heading_hint"))}
      </div>
      <p class="note">{translate("trial_place")}</p>
      <LayoutMap
        field={field}
        layout={(preview.answer?.layout ?? null) as Features | null}
        treatments={rows.map((row) => row.name.trim())}
        onPlace={(longitude, latitude) => setCorner({ longitude, latitude })}
      />
      <div class="choices-row">
        <button type="button" class="secondary" onClick={() => setSeed(newSeed())}>
          {translate("trial_again")}
        </button>
        <button type="button" class="secondary" disabled={corner === null} onClick={() => setCorner(null)}>
          {translate("trial_centre")}
        </button>
      </div>
      <p class="editor-area" role="status" data-plots>
        {preview.answer === null
          ? "…"
          : translate("trial_plots", {
              count: preview.answer.trial.plots?.length ?? 0,
              area: areaText(Number(numbers.length) * Number(numbers.width)),
            })}
      </p>
      <ErrorText error={preview.problem} />
      <Variables known={known.data ?? []} chosen={variables} onChosen={setVariables} />
      <Form name="trial" submit={translate("trial_store")} write={store} onSubmit={submit}>
        <FormState name="design" value={design} onRestore={restore} />
      </Form>
    </div>
  );
}

function newSeed(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] ?? 1) % 2_147_483_647;
}

function numberOf(text: string): number | null {
  return text.trim() === "" || !Number.isFinite(Number(text)) ? null : Number(text) * areaUnitsPerHa();
}

function treatmentOf({ name, rate, nitrogen, germplasm }: Row): Treatment {
  return { name: name.trim(), rate_ha: numberOf(rate), n_kg_ha: numberOf(nitrogen), germplasm: germplasm || null };
}

interface TreatmentRowsProps {
  title: string;
  rows: readonly Row[];
  unit: string;
  germplasm: readonly { id?: string; name: string }[];
  onRows: (rows: readonly Row[]) => void;
}

function TreatmentRows({ title, rows, unit, germplasm, onRows }: TreatmentRowsProps): JSX.Element {
  const change = (index: number, part: Partial<Row>): void => onRows(rows.map((row, at) => (at === index ? { ...row, ...part } : row)));
  const field = (index: number, key: "rate" | "nitrogen", label: string, suffix: string): JSX.Element => (
    <span class="with-unit">
      <input
        type="number"
        min={0}
        step="any"
        inputMode="decimal"
        aria-label={label}
        placeholder={translate(key === "rate" ? "trial_rate" : "trial_nitrogen")}
        value={rows[index]?.[key] ?? ""}
        onInput={(event) => change(index, { [key]: event.currentTarget.value })}
      />
      <span class="unit">{suffix}</span>
    </span>
  );
  return (
    <fieldset>
      <legend>{title}</legend>
      <ul class="plain-list zone-rows">
        {rows.map((row, index) => (
          <li key={index}>
            <ZoneKey colour={treatmentColour(index)} />
            <input
              aria-label={translate("trial_treatment_name", { n: index + 1 })}
              maxLength={80}
              value={row.name}
              onInput={(event) => change(index, { name: event.currentTarget.value })}
            />
            {field(index, "rate", translate("trial_treatment_rate", { n: index + 1 }), toAreaUnit(1, unit).unit)}
            {field(index, "nitrogen", translate("trial_treatment_n", { n: index + 1 }), `N ${toAreaUnit(1, "kg/ha").unit}`)}
            {germplasm.length > 0 ? (
              <select
                aria-label={translate("trial_treatment_variety", { n: index + 1 })}
                onChange={(event) => change(index, { germplasm: event.currentTarget.value })}
              >
                <option value="">{translate("trial_variety")}</option>
                {germplasm.map((each) => (
                  <option key={each.id} value={each.id} selected={each.id === row.germplasm}>
                    {each.name}
                  </option>
                ))}
              </select>
            ) : null}
            {rows.length > 2 ? (
              <button
                type="button"
                class="plain"
                aria-label={translate("trial_treatment_delete", { n: index + 1 })}
                onClick={() => onRows(rows.filter((_, at) => at !== index))}
              >
                ×
              </button>
            ) : null}
          </li>
        ))}
      </ul>
      <button type="button" class="secondary" onClick={() => onRows([...rows, { ...EMPTY, name: `N${rows.length}` }])}>
        {translate("trial_treatment_add")}
      </button>
    </fieldset>
  );
}

interface VariablesProps {
  known: readonly { id?: string; name: string; unit?: string }[];
  chosen: readonly string[];
  onChosen: (chosen: readonly string[]) => void;
}

function Variables({ known, chosen, onChosen }: VariablesProps): JSX.Element {
  const add = useWrite("post", "/v1/trial-variables", { refresh: ["/v1/trial-variables"] });
  const addYield = async (): Promise<void> => {
    const body = {
      name: translate("trial_yield"),
      trait: translate("trial_yield"),
      method: translate("trial_yield_method"),
      unit: "t/ha",
      data_type: "numerical" as const,
      least: 0,
      most: 30,
    };
    const made = await add.run({ body: body as BodyOf<"/v1/trial-variables", "post"> });
    if (made !== null && made !== true) onChosen([...chosen, (made as { id: string }).id]);
  };
  return (
    <fieldset>
      <legend>{translate("trial_variables")}</legend>
      {known.map(({ id = "", name, unit }) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            checked={chosen.includes(id)}
            onChange={(event) => onChosen(event.currentTarget.checked ? [...chosen, id] : chosen.filter((each) => each !== id))}
          />{" "}
          {unit ? `${name} [${unit}]` : name}
        </label>
      ))}
      {known.some(({ unit }) => unit === "t/ha") ? null : (
        <button type="button" class="secondary" onClick={() => void addYield()}>
          {translate("trial_add_yield")}
        </button>
      )}
    </fieldset>
  );
}
