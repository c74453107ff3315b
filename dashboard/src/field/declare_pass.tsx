// Form that registers a pass: its times, vehicle, implement, product, season and plan.

import { onlyOf } from "../components/choice";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApiList } from "../api/query";
import { useKeptWrite } from "../api/write";
import { useView } from "../app/mount";
import { dateTimeText, exactInstantOf, localInput } from "../i18n/instants";
import { areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Dialog } from "../ui/dialog";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextArea, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { showToast } from "../ui/overlays";
import type { MapSettings, PassItem } from "./records";

const HOUR_MS = 3_600_000;

interface DeclareProps {
  field: string;
  /** A pass that was found; null for one that telemetry does not show. */
  pass: PassItem | null;
  settings: MapSettings;
  /** Shows the registered pass; the form stays until it does, so that nothing shows the state before. */
  onDeclared: (id: string) => Promise<void>;
  onClose: () => void;
}

export function DeclarePass({ field, pass, settings, onDeclared, onClose }: DeclareProps): JSX.Element {
  const { farm } = useView();
  const titleOf = (device = "", startMs = 0): string =>
    translate("kept_pass", { device: farm.nameOf(device), when: dateTimeText(startMs) });
  const declare = useKeptWrite("post", "/v1/passes", ({ body }) => titleOf(body?.device, Number(body?.start_ms ?? 0)), {
    refresh: ["/v1/fields/{field}/passes"],
  });
  const implement = useApiList("/v1/implements", {});
  const product = useApiList("/v1/products", {});
  const season = useApiList("/v1/seasons", { query: { field } });
  const prescription = useApiList("/v1/prescriptions", { query: { field } });
  const [problem, setProblem] = useState("");
  const named = (list: readonly { id: string; name: string }[] | undefined) =>
    (list ?? []).map(({ id, name }) => ({ value: id, text: name }));
  const swath = implement.data?.filter(({ swath_m }) => swath_m === settings.swath_m) ?? [];
  const vehicles = [...farm.devices.values()].filter(({ kind }) => kind === "drone" || kind === "vehicle" || kind === "rover");
  const submit = async (values: FormValues): Promise<boolean | null> => {
    // What was found keeps its exact times where nobody changed the minutes: it may be shorter than one.
    const startMs = exactInstantOf(values.text("start"), pass?.start_ms);
    const endMs = exactInstantOf(values.text("end"), pass?.end_ms);
    const rate = values.number("planned_rate_ha");
    if (startMs === null || endMs === null || endMs <= startMs) {
      setProblem(translate("work_times_order"));
      return null;
    }
    if (rate !== null && values.text("prescription") !== "") {
      setProblem(translate("work_plan_one"));
      return null;
    }
    setProblem("");
    const made = await declare.run({
      body: {
        field,
        device: values.text("device"),
        start_ms: startMs,
        end_ms: endMs,
        implement: values.text("implement") || null,
        product: values.text("product") || null,
        season: values.text("season") || null,
        prescription: values.text("prescription") || null,
        planned_rate_ha: rate === null ? null : rate * areaUnitsPerHa(),
        note: values.text("note"),
      },
    });
    if (made === null || made === true) return false;
    showToast(translate(made === "kept" ? "kept" : "work_declared"));
    if (made === "kept") onClose();
    else await onDeclared(made.id);
    return true;
  };
  const end = pass?.end_ms ?? nowMs();
  return (
    <Dialog title={translate(pass === null ? "work_declare_new" : "work_declare")} onClose={onClose}>
      <p class="note">{translate("work_declare_about")}</p>
      <Form name="declared_pass" submit={translate("work_declare")} write={declare} onSubmit={submit} onCancel={onClose}>
        <ErrorText error={problem} />
        <SelectField
          name="device"
          label={translate("work_vehicle")}
          required
          value={pass?.device}
          options={(pass === null ? vehicles.map(({ id }) => id) : [pass.device]).map((device) => ({
            value: device,
            text: farm.nameOf(device),
          }))}
        />
        <div class="choices-row">
          <TextField
            name="start"
            type="datetime-local"
            label={translate("work_start")}
            required
            value={localInput(pass?.start_ms ?? end - HOUR_MS)}
          />
          <TextField name="end" type="datetime-local" label={translate("work_end")} required value={localInput(end)} />
        </div>
        <SelectField
          key={`implement-${implement.data?.length ?? 0}`}
          name="implement"
          label={translate("work_implement")}
          none={translate("work_none")}
          value={pass?.implement ?? onlyOf(swath)?.id ?? null}
          options={named(implement.data)}
        />
        <SelectField name="product" label={translate("work_product")} none={translate("work_none")} options={named(product.data)} />
        <SelectField name="season" label={translate("work_season")} none={translate("work_none")} options={named(season.data)} />
        <div class="choices-row">
          <NumberField
            name="planned_rate_ha"
            label={translate("work_planned_rate")}
            unit={toAreaUnit(1, "kg/ha").unit}
            step="any"
            min={0}
            value={settings.planned_rate_ha === undefined ? null : Number((settings.planned_rate_ha / areaUnitsPerHa()).toFixed(4))}
          />
          <SelectField
            key={`prescription-${prescription.data?.length ?? 0}`}
            name="prescription"
            label={translate("work_prescription")}
            none={translate("work_none")}
            value={settings.prescription}
            options={named(prescription.data)}
          />
        </div>
        <TextArea name="note" label={translate("work_note")} maxLength={2000} />
      </Form>
    </Dialog>
  );
}
