// Planning of a field: the path of the next dressing, then other rules, prescriptions by hand, and the seasons.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { may } from "../api/may";
import type { FieldRecord } from "../api/registry";
import { useChoice } from "../app/mount";
import { PlanPath } from "./plan_path";
import { useDraft } from "./plan_state";
import { RestMission } from "./rest_mission";
import { Seasons } from "../field/inputs";
import { Prescriptions } from "../field/prescriptions";
import { Recommend } from "../field/recommend";

export function Plan({ field }: { field: FieldRecord }): JSX.Element {
  const draft = useDraft(field.id);
  const [rest, setRest] = useChoice("rest");
  const keepRest = (): void => {
    setRest("");
    draft.kept();
  };
  const use = async (nKgHa: number, product: string | null): Promise<void> => {
    if (!(await draft.change("n_total_kg_ha", nKgHa))) return;
    if (product !== null) await draft.change("product", product);
    draft.show("prescription");
    document.getElementById("plan-title")?.scrollIntoView();
  };
  return (
    <>
      {rest === "" ? null : <RestMission key={rest} field={field} pass={rest} onKept={keepRest} />}
      {may("patch", "/v1/fields/{thing}/plan") ? <PlanPath field={field} draft={draft} /> : null}
      <Recommend field={field} onUse={use} />
      <Prescriptions field={field} />
      <Seasons field={field.id} />
    </>
  );
}
