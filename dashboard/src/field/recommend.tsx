// Nitrogen recommendation of a field by a published rule, with the inputs that the rule needs.

import "../i18n/field";
import "../i18n/field_work";
import "../i18n/plan";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLastChoice } from "../app/mount";
import { dataOf, api, type Body } from "../api/client";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { errorText } from "../api/request";
import { areaUnitsPerHa, numberText, toAreaUnit, withUnit } from "../i18n/numbers";
import { findTerm, methodText, translate, type TextKey } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";

type Recommendation = Body<"/v1/fields/{thing}/recommendation">;

/** The inputs of each rule; those in kg/ha are entered per the chosen area unit. */
const RULES = {
  target_yield: ["target_yield_t_ha", "unfertilised_yield_t_ha", "uptake_kg_100kg", "recovery"],
  stanford: ["crop_n_kg_ha", "soil_n_kg_ha", "efficiency"],
  sufficiency: ["index", "reference_index", "optimum_kg_ha"],
  nfoa: ["ndvi", "reference_ndvi", "growing_days", "curve"],
  linear: ["index", "index_low", "index_high", "least_kg_ha", "most_kg_ha", "direction"],
  duev: ["mean_yield_t_ha", "nmin_kg_ha", "quality_class"],
} as const;
type RuleName = keyof typeof RULES;
const CURVE_YEARS = [2002, 2003, 2004, 2005, 2006, 2007] as const;
interface RecommendProps {
  field: FieldRecord;
  /** Leads to the prescription with the nitrogen [kg/ha] and the product's id. */
  onUse: (nKgHa: number, product: string | null) => Promise<void>;
}

export function Recommend({ field, onUse }: RecommendProps): JSX.Element {
  const [rule, setRule] = useState<RuleName>("target_yield");
  const [answer, setAnswer] = useState<Recommendation | null>(null);
  const [problem, setProblem] = useState("");
  const last = useLastChoice();
  // An answer by another rule is not that of the rule that is displayed.
  useEffect(() => {
    last.end();
    setAnswer(null);
    setProblem("");
  }, [rule]);
  const products = useApiList("/v1/products", {});
  const seasons = useApiList("/v1/seasons", { query: { field: field.id } });
  const submit = async (values: FormValues): Promise<boolean> => {
    setProblem("");
    setAnswer(null);
    const given = RULES[rule].map((name): [string, string | number | undefined] => {
      if (name === "quality_class" || name === "direction" || name === "curve") return [name, values.text(name) || undefined];
      const value = values.number(name);
      if (value === null) return [name, undefined];
      if (name.endsWith("_kg_ha")) return [name, value * areaUnitsPerHa()];
      if (name.endsWith("_t_ha")) return [name, (value * areaUnitsPerHa()) / 1000];
      return [name, value];
    });
    const query = {
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      method: rule,
      season: values.text("season") || undefined,
      product: values.text("product") || undefined,
    };
    const params = { path: { thing: field.id }, query: query as never };
    try {
      setAnswer(await last.run(({ signal }) => dataOf(api.GET("/v1/fields/{thing}/recommendation", { params, signal }))));
    } catch (error) {
      setProblem(errorText(error) ?? "");
    }
    return false;
  };
  return (
    <section class="card" data-panel="recommendation">
      <h2>{translate("work_recommendation")}</h2>
      <Form name="recommendation" submit={translate("work_calculate")} onSubmit={submit}>
        <SelectField
          name="method"
          label={translate("work_method")}
          onSelect={(chosen) => setRule(chosen as RuleName)}
          options={(Object.keys(RULES) as RuleName[]).map((value) => ({ value, text: translate(`work_rule_${value}`) }))}
        />
        <div class="choices-row" key={rule}>
          {RULES[rule].map((name) => (
            <RuleInput key={name} name={name} />
          ))}
          <SelectField
            name="season"
            label={translate("work_season")}
            none={translate("work_none")}
            options={(seasons.data ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          />
          <SelectField
            name="product"
            label={translate("work_product")}
            none={translate("work_none")}
            options={(products.data ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          />
        </div>
      </Form>
      <ErrorText error={problem} />
      {answer === null ? null : (
        <div role="status" data-answer="recommendation">
          <p class="figure">
            {withUnit(answer.n_kg_ha, "kg/ha")} N ·{" "}
            {translate("name_and_text", { name: translate("work_recommended"), text: withUnit(answer.field_n_kg, "kg", 1) })}
          </p>
          {answer.product === null ? null : (
            <p>
              {translate("work_as_product", {
                name: answer.product.name,
                rate: withUnit(answer.product.kg_ha, "kg/ha"),
                total: withUnit(answer.product.field_kg, "kg", 1),
              })}
            </p>
          )}
          <button type="button" class="primary" data-act="use" onClick={() => void onUse(answer.n_kg_ha, answer.product?.id ?? null)}>
            {translate("plan_use")}
          </button>
          <p class="note">{methodText(answer.method)}</p>
          <p class="note">
            {translate("name_and_text", {
              name: translate("work_in_used"),
              text: Object.entries(answer.inputs)
                .map(([name, value]) => `${inputLabel(name)} ${inputText(name, value)}`)
                .join(" · "),
            })}
          </p>
        </div>
      )}
    </section>
  );
}

type InputName = (typeof RULES)[RuleName][number];

/** What an answer calls otherwise than its question, or adds to it. */
const OF_ANSWERS: Record<string, TextKey> = {
  target_kg_ha: "work_in_target_yield_t_ha",
  unfertilised_kg_ha: "work_in_unfertilised_yield_t_ha",
  yield_t_ha: "work_in_mean_yield_t_ha",
  yield_basis: "work_in_yield_basis",
  fixed_share: "work_in_fixed_share",
  humus_kg_ha: "work_in_humus",
  organic_last_year_kg_ha: "work_in_organic_last_year",
  precrop_kg_ha: "work_in_precrop",
  credits_kg_ha: "work_in_credits",
};
const WORDS: Record<string, TextKey> = {
  compensate: "work_compensate",
  proportional: "work_proportional",
  aimed_at: "work_in_yield_aimed_at",
  mean_of_past_years: "work_in_yield_of_past_years",
};

function inputLabel(name: string): string {
  const known = Object.values(RULES).flat() as string[];
  if (known.includes(name)) return translate(`work_in_${name as InputName}`);
  return translate(OF_ANSWERS[name] ?? "other");
}

function inputText(name: string, value: number | string): string {
  if (typeof value === "string") {
    const word = WORDS[value];
    return word === undefined ? (findTerm("levels", value) ?? value) : translate(word);
  }
  if (name.endsWith("_kg_ha")) return withUnit(value, "kg/ha");
  if (name.endsWith("_t_ha")) return withUnit(1000 * value, "kg/ha");
  return numberText(value, 2);
}

function RuleInput({ name }: { name: InputName }): JSX.Element {
  const label = translate(`work_in_${name}`);
  if (name === "quality_class")
    return <SelectField name={name} label={label} options={["A", "B", "C", "E"].map((value) => ({ value, text: value }))} />;
  if (name === "curve")
    return (
      <SelectField
        name={name}
        label={label}
        options={CURVE_YEARS.map((year) => ({ value: `oklahoma-${year}`, text: `Oklahoma ${year}` }))}
      />
    );
  if (name === "direction")
    return (
      <SelectField
        name={name}
        label={label}
        options={[
          { value: "compensate", text: translate("work_compensate") },
          { value: "proportional", text: translate("work_proportional") },
        ]}
      />
    );
  const isRate = name.endsWith("_t_ha") || name.endsWith("_kg_ha");
  return (
    <NumberField
      name={name}
      label={label}
      step="any"
      min={0}
      required={name !== "target_yield_t_ha"}
      unit={isRate ? toAreaUnit(1, "kg/ha").unit : undefined}
    />
  );
}
