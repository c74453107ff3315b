// Step 1 of a plan: the crop, its sowing day and the yield aimed at.

import "../i18n/field_work";
import "../i18n/plan";
import type { JSX } from "preact";
import { findTerm, translate } from "../i18n/translate";
import { areaUnitsPerHa } from "../i18n/numbers";
import { SelectField, NumberField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { shownOf } from "./number_row";
import type { Draft, Plan } from "./plan_state";

/** Crops with figures of their own come first; what a season has already is offered, too. */
const CROPS = ["winter_wheat", "rice", "maize", "rapeseed", "soybean", "potato", "tomato", "cucumber", "lettuce"] as const;

export function SeasonStep({ plan, draft }: { plan: Plan; draft: Draft }): JSX.Element {
  const { season, need } = plan;
  const target = need?.inputs.find(({ name }) => name === "target_yield_t_ha");
  const { unit, factor } = shownOf("t/ha");
  const crops = season === null || CROPS.some((crop) => crop === season.crop) ? [...CROPS] : [season.crop, ...CROPS];
  const submit = async (values: FormValues): Promise<boolean> => {
    const yieldThere = values.number("target_yield");
    const told: [string, string | number | null, string | number | null][] = [
      ["crop", values.text("crop"), season?.crop ?? null],
      ["sowing_date", values.text("sowing_date") || null, season?.sowing_date ?? null],
      ["target_yield_t_ha", yieldThere === null ? null : yieldThere / factor, target?.source === "told" ? target.value : null],
    ];
    for (const [name, value, before] of told) {
      const same = value === before || (typeof value === "number" && typeof before === "number" && Math.abs(value - before) < 0.001);
      if (!same && !(await draft.change(name, value))) return false;
    }
    draft.show("need");
    return false;
  };
  return (
    <Form name="season" submit={translate("plan_next")} onSubmit={submit}>
      <SelectField
        name="crop"
        label={translate("work_crop")}
        required
        value={season?.crop ?? null}
        none={translate("plan_choose")}
        options={crops.map((value) => ({ value, text: findTerm("crops", value) ?? value }))}
      />
      <TextField name="sowing_date" type="date" label={translate("work_sowing")} value={season?.sowing_date ?? ""} />
      <NumberField
        name="target_yield"
        label={translate("work_in_target_yield_t_ha")}
        unit={unit}
        step="any"
        min={0}
        value={target?.value == null ? null : Number(((target.value * 1000) / areaUnitsPerHa()).toFixed(1))}
      />
    </Form>
  );
}
