// A number of a plan: its value, its unit, and where it comes from; where a person may change it, an input.

import "../i18n/field_work";
import "../i18n/plan";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { areaUnitsPerHa, numberText, toAreaUnit, unitText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { useUniqueId } from "../ui/unique_id";
import type { Draft, PlanNumber } from "./plan_state";

interface Shown {
  unit: string;
  digits: number;
  /** A value of the unit that people read is this times that of the API. */
  factor: number;
}

/** Return how people read a number: yields as kg of the area unit, shares in percent. */
export function shownOf(unit: string): Shown {
  if (unit === "t/ha") return { unit: toAreaUnit(1, "kg/ha").unit, digits: 0, factor: 1000 / areaUnitsPerHa() };
  if (unit === "kg/ha" || unit === "L/ha") return { unit: toAreaUnit(1, unit).unit, digits: 1, factor: 1 / areaUnitsPerHa() };
  if (unit === "1") return { unit: "%", digits: 0, factor: 100 };
  return { unit: unitText(unit), digits: 1, factor: 1 };
}

export function numberOf(number: PlanNumber): string {
  if (number.value === null) return "—";
  if (number.unit.endsWith("/ha") && number.unit !== "t/ha") return withUnit(number.value, number.unit, 1);
  const { unit, digits, factor } = shownOf(number.unit);
  return `${numberText(number.value * factor, digits)} ${unit}`;
}

export function Origin({ number }: { number: Pick<PlanNumber, "source" | "basis"> }): JSX.Element | null {
  if (number.source === null) return null;
  return (
    <span class="plan-origin" data-origin={number.source}>
      <b>{term("number_origins", number.source)}</b> {term("plan_bases", number.basis ?? "")}
    </span>
  );
}

export function NumberRow({ number, label, draft }: { number: PlanNumber; label: string; draft?: Draft }): JSX.Element {
  const id = useUniqueId();
  const { unit, digits, factor } = shownOf(number.unit);
  const text = number.value === null ? "" : String(Number((number.value * factor).toFixed(digits + 1)));
  const [typed, setTyped] = useState(text);
  // What is answered replaces what was typed: the answer is that of the change.
  useEffect(() => setTyped(text), [text]);
  const send = (): void => {
    if (typed === text || draft === undefined) return;
    const value = typed.trim() === "" ? null : Number(typed) / factor;
    if (value === null || Number.isFinite(value)) void draft.change(number.name, value);
  };
  return (
    <div class="plan-row" data-number={number.name}>
      <label for={id}>
        {label}
        <Origin number={number} />
      </label>
      {draft !== undefined && number.editable ? (
        <span class="with-unit">
          <input
            id={id}
            type="number"
            inputMode="decimal"
            min={0}
            step="any"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
            onChange={send}
            onKeyDown={(event) => event.key === "Enter" && send()}
          />
          <span class="unit">{unit}</span>
        </span>
      ) : (
        <output id={id}>{numberOf(number)}</output>
      )}
    </div>
  );
}

export function labelOf(name: string): string {
  const labels: Record<string, string> = {
    target_yield_t_ha: translate("work_in_target_yield_t_ha"),
    unfertilised_yield_t_ha: translate("work_in_unfertilised_yield_t_ha"),
    uptake_kg_100kg: translate("plan_uptake"),
    recovery: translate("plan_recovery_pct"),
    n_total_kg_ha: translate("plan_total"),
  };
  return labels[name] ?? "";
}
