// Trials of a field: the layout, observations of plots, the prescription and the result.

import { chosenOf, newestOf, onlyOf } from "../components/choice";
import "../i18n/trials";
import "./trials.css";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useWrite } from "../api/write";

import type { Features } from "../components/map";
import { ZoneKey } from "../field/zone_key";
import { areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { NumberField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { FormState } from "../ui/form_state";
import { LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { noteSaved, showToast } from "../ui/overlays";
import { LayoutMap } from "./layout_map";
import { treatmentColour, type Trial } from "./records";
import { TrialResult } from "./trial_result";

export function TrialsPanel({ field }: { field: FieldRecord }): JSX.Element {
  const trials = useApiList("/v1/trials", { query: { field: field.id } });
  const [open, setOpen] = useState<string | null>(null);
  return (
    <section class="card" data-panel="trials">
      <Loaded state={trials}>
        {(list) => {
          const chosen = chosenOf(list, open, newestOf(list));
          if (chosen === undefined) return <p class="note">{translate("trial_none")}</p>;
          return (
            <>
              <Choice
                label={translate("trial_one")}
                value={chosen.id}
                options={list.map(({ id, name, kind }) => ({ value: id, text: `${name} · ${translate(`trial_kind_${kind}`)}` }))}
                onChoose={setOpen}
              />
              <OneTrial key={chosen.id} field={field} trial={chosen} />
            </>
          );
        }}
      </Loaded>
      {may("post", "/v1/trials") ? (
        <LazyFold
          title={translate("trial_new")}
          load={async () => (await import("./trial_form")).TrialForm}
          props={{ field, onMade: setOpen }}
        />
      ) : null}
    </section>
  );
}

function OneTrial({ field, trial }: { field: FieldRecord; trial: Trial }): JSX.Element {
  const drawing = useApi("/v1/trials/{thing}", { path: { thing: trial.id ?? "" } });
  const variables = useApiList("/v1/trial-variables", {});
  const [chosen, setChosen] = useState<string | null>(null);
  const treatments = (trial.treatments ?? []).map(({ name }) => name);
  const possible = (variables.data ?? []).filter(({ id }) => (trial.variables ?? []).length === 0 || trial.variables?.includes(id ?? ""));
  const variable = chosenOf(possible, chosen, onlyOf(possible));
  return (
    <div class="stack">
      {trial.heading_deg === null || trial.heading_deg === undefined ? (
        <p class="note">{translate("trial_no_place")}</p>
      ) : (
        <Loaded state={drawing}>
          {({ layout }) => <LayoutMap field={field} layout={layout as unknown as Features} treatments={treatments} near />}
        </Loaded>
      )}
      <ul class="plain-list trial-legend">
        {treatments.map((name, index) => (
          <li key={name}>
            <ZoneKey colour={treatmentColour(index)} /> {name}
          </li>
        ))}
      </ul>
      <Prescribe trial={trial} />
      {possible.length > 1 ? (
        <Choice
          label={translate("trial_variables")}
          value={variable?.id}
          options={possible.map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={setChosen}
        />
      ) : null}
      {variable === undefined ? null : (
        <>
          <TrialResult key={variable.id} trial={trial} variable={variable} />
          <Values key={`${variable.id}-values`} trial={trial} variable={variable} />
        </>
      )}
    </div>
  );
}

function Prescribe({ trial }: { trial: Trial }): JSX.Element | null {
  const make = useWrite("post", "/v1/trials/{thing}/prescription", { refresh: ["/v1/trials", "/v1/prescriptions"] });
  if (trial.prescription) return <p class="note">{translate("trial_prescribed")}</p>;
  const ready = trial.product && (trial.treatments ?? []).every(({ rate_ha }) => rate_ha !== null && rate_ha !== undefined);
  if (!may("post", "/v1/trials/{thing}/prescription") || !ready) return null;
  const submit = async (values: FormValues): Promise<boolean> => {
    const rate = values.number("surround");
    const body = { surround_ha: rate === null ? null : rate * areaUnitsPerHa() };
    return noteSaved(await make.run({ params: { path: { thing: trial.id ?? "" } }, body }));
  };
  return (
    <Form name="trial_prescription" submit={translate("trial_prescribe")} write={make} onSubmit={submit}>
      <NumberField
        name="surround"
        label={translate("trial_surround")}
        unit={toAreaUnit(1, "kg/ha").unit}
        min={0}
        step="any"
        hint={translate("trial_surround_hint")}
      />
    </Form>
  );
}

interface ValuesProps {
  trial: Trial;
  variable: { id?: string; name: string; unit?: string };
}

/** Values of the plots, as a table in which they are entered. */
function Values({ trial, variable }: ValuesProps): JSX.Element {
  const path = { thing: trial.id ?? "" };
  const observations = useApiList("/v1/trials/{thing}/observations", { path });
  const save = useWrite("post", "/v1/trials/{thing}/observations", { refresh: ["/v1/trials"] });
  const [entered, setEntered] = useState<Record<number, string>>({});
  const newest = new Map<number, { value: string; timeMs: number }>();
  for (const each of observations.data ?? []) {
    const timeMs = each.time_ms ?? each.created_ms ?? 0;
    if (each.variable === variable.id && timeMs >= (newest.get(each.plot)?.timeMs ?? 0)) {
      newest.set(each.plot, { value: each.value ?? "", timeMs });
    }
  }
  const submit = async (): Promise<boolean> => {
    const items = Object.entries(entered)
      .filter(([, value]) => value.trim() !== "")
      .map(([plot, value]) => ({ plot: Number(plot), variable: variable.id ?? "", value: value.trim(), time_ms: nowMs(), collector: "" }));
    if (items.length === 0) return true;
    const made = await save.run({ params: { path }, body: { items } });
    if (made === null) return false;
    setEntered({});
    showToast(translate("saved"));
    return true;
  };
  const rows = (trial.plots ?? []).map((plot) => {
    const shown = entered[plot.number] ?? newest.get(plot.number)?.value ?? "";
    return (
      <tr key={plot.number}>
        <th scope="row">{plot.name}</th>
        <td class="number">{plot.block + 1}</td>
        <td>{trial.treatments?.[plot.treatment]?.name}</td>
        <td class="number">
          {may("post", "/v1/trials/{thing}/observations") ? (
            <input
              inputMode="decimal"
              size={8}
              aria-label={translate("trial_value_of", { name: plot.name })}
              value={shown}
              onInput={(event) => setEntered({ ...entered, [plot.number]: event.currentTarget.value })}
            />
          ) : (
            shown || "—"
          )}
        </td>
      </tr>
    );
  });
  const table = (
    <table>
      <thead>
        <tr>
          <th scope="col">{translate("trial_plot")}</th>
          <th scope="col" class="number">
            {translate("trial_block")}
          </th>
          <th scope="col">{translate("trial_treatment")}</th>
          <th scope="col" class="number">
            {variable.unit ? `${variable.name} [${variable.unit}]` : variable.name}
          </th>
        </tr>
      </thead>
      <tbody>{rows}</tbody>
    </table>
  );
  return may("post", "/v1/trials/{thing}/observations") ? (
    <Form name="trial_values" submit={translate("trial_save_values")} write={save} onSubmit={submit}>
      <FormState name="values" value={entered} onRestore={setEntered} />
      {table}
    </Form>
  ) : (
    table
  );
}
