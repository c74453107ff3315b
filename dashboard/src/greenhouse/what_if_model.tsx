// Climate model of a greenhouse: what it is, and the two ways to give one, a structure or the file of a fit.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ListItem } from "../api/client";
import { may } from "../api/may";
import { useWrite, type BodyOf } from "../api/write";
import { numberText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { SelectField } from "../ui/fields";
import { FileButton } from "../ui/file_button";
import { Form, type FormValues } from "../ui/form";
import { noteSaved } from "../ui/overlays";

export type Registered = ListItem<"/v1/greenhouses">;
type Model = NonNullable<Registered["climate_model"]>;

const STRUCTURES: readonly Model["structure"][] = ["solar-earth-wall", "solar-brick-wall", "multispan", "tunnel"];

export function ModelPart({ house }: { house: Registered }): JSX.Element {
  const model = house.climate_model ?? null;
  const mayWrite = may("put", "/v1/greenhouses/{thing}");
  return (
    <>
      <p data-model={model?.structure ?? "none"}>{model === null ? translate("what_if_no_model") : modelText(model)}</p>
      {!mayWrite ? null : model === null ? (
        <ModelForm house={house} />
      ) : (
        <details class="how">
          <summary>{translate("what_if_change_model")}</summary>
          <ModelForm house={house} />
        </details>
      )}
    </>
  );
}

function ModelForm({ house }: { house: Registered }): JSX.Element {
  const [isBad, setBad] = useState(false);
  const change = useWrite("put", "/v1/greenhouses/{thing}", { refresh: ["/v1/greenhouses"] });
  const save = async (model: Model): Promise<void> => {
    const body: BodyOf<"/v1/greenhouses/{thing}", "put"> = { ...house, climate_model: model };
    noteSaved(await change.run({ params: { path: { thing: house.id } }, body, version: house.version }));
  };
  const choose = async (values: FormValues): Promise<boolean> => {
    await save({ structure: values.text("structure") as Model["structure"], parameters: {}, held_out: null });
    return false;
  };
  const read = async (input: HTMLInputElement): Promise<void> => {
    const file = input.files?.[0];
    if (file === undefined) return;
    const model = modelOf(await file.text());
    setBad(model === null);
    if (model !== null) await save(model);
    input.value = "";
  };
  return (
    <>
      <Form name="what_if_model" submit={translate("save")} write={change} onSubmit={choose}>
        <SelectField
          name="structure"
          label={translate("what_if_structure")}
          value={house.climate_model?.structure ?? "solar-earth-wall"}
          options={STRUCTURES.map((value) => ({ value, text: term("house_structures", value) }))}
        />
      </Form>
      <FileButton id={`what-if-file-${house.id}`} accept=".json,application/json" onChange={(input) => void read(input)}>
        {translate("what_if_import")}
      </FileButton>
      {isBad ? <p class="field-error">{translate("what_if_bad_file")}</p> : null}
    </>
  );
}

function modelText(model: Model): string {
  const { held_out: errors } = model;
  const about = errors
    ? translate("what_if_fitted", {
        hours: numberText(errors.hours, 0),
        degrees: withUnit(errors.temperature_rmse_k, "K", 1),
        humidity: withUnit(errors.humidity_rmse_pct, "%", 0),
      })
    : translate("what_if_declared");
  return `${translate("what_if_model", { structure: term("house_structures", model.structure) })} (${about})`;
}

/** Return the model that a file has; null where it is none. The station checks its names and ranges. */
function modelOf(text: string): Model | null {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== "object" || found === null || !("structure" in found) || !("parameters" in found)) return null;
    const { structure, parameters } = found as Model;
    const errors = "held_out" in found ? ((found as Model).held_out ?? null) : null;
    return { structure, parameters, held_out: errors };
  } catch {
    return null;
  }
}
