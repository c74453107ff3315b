// Step 3 of a plan: the dressing as a product. One rate is a choice like the others, and always accepted.

import "../i18n/field_work";
import "../i18n/plan";
import type { JSX } from "preact";
import { useApi, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useWrite, type BodyOf } from "../api/write";
import { dateText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { LazyFold } from "../ui/lazy";
import { noteSaved } from "../ui/overlays";
import { NumberRow, Origin, numberOf } from "./number_row";
import type { Draft, Plan } from "./plan_state";

const CATALOGUE = "catalogue:";

export function RateStep({ field, plan, draft }: { field: FieldRecord; plan: Plan; draft: Draft }): JSX.Element | null {
  const products = useApiList("/v1/products", {});
  const catalogue = useApi("/v1/products/catalog", {});
  const implement = useApiList("/v1/implements", {});
  const take = useWrite("post", "/v1/products/catalog/{name}", { refresh: ["/v1/products"] });
  const make = useWrite("post", "/v1/prescriptions", { refresh: ["/v1/prescriptions", "/v1/fields/{thing}/plan"], timeoutMs: 120_000 });
  const { rates, mission } = plan;
  if (rates === null || mission === null) return null;
  const known = new Set((products.data ?? []).map(({ name }) => name));
  const choose = async (chosen: string): Promise<void> => {
    if (!chosen.startsWith(CATALOGUE)) {
      if (chosen !== "") await draft.change("product", chosen);
      return;
    }
    // A product of the catalogue is the farm's from now on: its label can be corrected there.
    const taken = await take.run({ params: { path: { name: chosen.slice(CATALOGUE.length) } } as never });
    if (taken !== null && taken !== true) await draft.change("product", (taken as { id: string }).id);
  };
  const { order } = rates;
  const onMade = (): void => draft.kept();
  const submit = async (): Promise<void> => {
    if (order === null) return;
    const name = `${rates.product?.name ?? ""} ${dateText(plan.now_ms)}`.trim();
    const made = await make.run({ body: { ...order, name } as unknown as BodyOf<"/v1/prescriptions", "post"> });
    if (noteSaved(made, translate("work_made"))) onMade();
  };
  const start = {
    name: `${rates.product?.name ?? ""} ${dateText(plan.now_ms)}`.trim(),
    product: rates.product?.id ?? null,
    implement: mission.implement?.id ?? null,
    season: plan.season?.id ?? null,
  };
  return (
    <>
      <p class="plan-answer" role="status">
        {rates.rate.value === null || rates.product === null
          ? translate("plan_choose")
          : translate("plan_made", { rate: `${rates.product.name} ${numberOf(rates.rate)}`, amount: numberOf(rates.amount) })}
      </p>
      <Choice
        label={translate("plan_product")}
        value={rates.product?.id ?? ""}
        options={[
          ...(rates.product === null ? [{ value: "", text: translate("plan_choose") }] : []),
          ...(products.data ?? []).map(({ id, name }) => ({ value: id, text: name })),
          ...(catalogue.data?.items ?? [])
            .filter(({ name, n_pct }) => n_pct > 0 && !known.has(name))
            .map(({ name }) => ({ value: CATALOGUE + name, text: translate("plan_product_catalogue", { name }) })),
        ]}
        onChoose={(chosen) => void choose(chosen)}
      />
      {rates.product === null ? null : <Origin number={rates.product} />}
      {implement.data?.length === 0 ? <p class="note">{translate("plan_implement_none")}</p> : null}
      <Choice
        label={translate("plan_implement")}
        value={mission.implement?.id ?? ""}
        options={[
          ...(mission.implement === null ? [{ value: "", text: translate("plan_choose") }] : []),
          ...(implement.data ?? []).map(({ id, name }) => ({ value: id, text: name })),
        ]}
        onChoose={(chosen) => chosen !== "" && void draft.change("implement", chosen)}
      />
      {mission.implement === null ? null : <Origin number={mission.implement} />}
      <NumberRow number={rates.rate} label={translate("plan_rate")} draft={draft} />
      <NumberRow number={rates.amount} label={translate("plan_amount")} />
      <ErrorText error={make.error ?? take.error ?? ""} />
      <div class="plan-foot">
        <strong>{rates.rate.value === null ? "" : numberOf(rates.rate)}</strong>
        <button
          type="button"
          class="primary"
          data-act="make"
          disabled={order === null || make.saving || draft.saving || !draft.isCurrent(plan)}
          onClick={() => void submit()}
        >
          {translate("plan_make")}
        </button>
      </div>
      <LazyFold
        class="fold tool"
        title={translate("plan_zones")}
        load={async () => (await import("../field/drawn_prescription")).DrawnPrescription}
        props={{ field, onMade, start }}
      />
      <LazyFold
        class="fold tool"
        title={translate("plan_values")}
        load={async () => (await import("../field/points_prescription")).PointsPrescription}
        props={{ field, onMade, start }}
      />
    </>
  );
}
