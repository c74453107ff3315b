// Maintenance windows: periods in which alarms are recorded and nobody is notified.

import "../i18n/alarms";
import type { JSX } from "preact";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { useFarm, useNow } from "../app/mount";
import { siteText } from "../i18n/device_names";
import { windowText } from "../i18n/instants";
import { listText, term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { HOUR_MS, titleOf, type MaintenanceWindow } from "./records";

export function Silences(): JSX.Element {
  const windows = useApiList("/v1/maintenance-windows", {});
  const rules = useApiList("/v1/alarm-rules", {});
  const farm = useFarm();
  const now = useNow(30_000);
  const nameOfRule = (name: string): string => {
    const rule = rules.data?.find((each) => each.name === name);
    return rule === undefined ? name : titleOf(rule);
  };
  const scopeOf = (window: MaintenanceWindow): string =>
    listText([
      window.rule === null ? "" : nameOfRule(window.rule),
      window.device === null ? "" : farm.nameOf(window.device),
      window.kind === null ? "" : term("device_kinds", window.kind),
      siteText(window.site ?? ""),
    ]) || translate("alarms_everything");
  const stateOf = (window: MaintenanceWindow): string =>
    translate(window.end_ms <= now ? "alarms_silence_over" : window.start_ms > now ? "alarms_silence_ahead" : "alarms_silence_now");
  const columns: Column<MaintenanceWindow>[] = [
    { key: "name", head: translate("alarms_silence_why"), cell: (window) => window.name, sortBy: (window) => window.name },
    { key: "of", head: translate("alarms_applies"), cell: scopeOf },
    {
      key: "period",
      head: translate("period"),
      cell: (window) => windowText(window.start_ms, window.end_ms),
      sortBy: (window) => window.start_ms,
    },
    { key: "state", head: translate("alarms_state"), cell: stateOf },
    {
      key: "do",
      head: "",
      cell: (window) => (
        <DeleteRecord
          list="/v1/maintenance-windows"
          record={window}
          title={translate("alarms_silence_delete", { name: window.name })}
          about={translate("alarms_silence_delete_text")}
        />
      ),
    },
  ];
  return (
    <section class="card" data-panel="silence">
      <p class="note">{translate("alarms_silence_about")}</p>
      <Loaded state={windows}>
        {(items) => (
          <Table
            name={translate("alarms_silence")}
            rows={items}
            columns={columns}
            keyOf={(window) => window.id}
            sorted={{ key: "period", descending: true }}
            empty={<p class="note">{translate("alarms_silence_none")}</p>}
          />
        )}
      </Loaded>
      {may("post", "/v1/maintenance-windows") ? (
        <AddSilence rules={(rules.data ?? []).map((rule) => ({ value: rule.name, text: titleOf(rule) }))} />
      ) : null}
    </section>
  );
}

function AddSilence({ rules }: { rules: { value: string; text: string }[] }): JSX.Element {
  const farm = useFarm();
  const add = useWrite("post", "/v1/maintenance-windows", { refresh: ["/v1/maintenance-windows"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const start = Math.round(nowMs() + (values.number("start_ms") ?? 0) * HOUR_MS);
    return noteSaved(
      await add.run({
        body: {
          name: values.text("name"),
          start_ms: start,
          end_ms: start + Math.round((values.number("end_ms") ?? 0) * HOUR_MS),
          rule: values.text("rule") || null,
          device: values.text("device") || null,
        },
      }),
    );
  };
  const devices = [...farm.devices.values()].map((device) => ({ value: device.id, text: farm.nameOf(device.id) }));
  return (
    <Form name="silence" submit={translate("alarms_silence_add")} write={add} onSubmit={submit}>
      <h3>{translate("alarms_silence_add")}</h3>
      <TextField name="name" label={translate("alarms_silence_why")} required maxLength={200} />
      <div class="choices-row">
        <NumberField
          name="start_ms"
          label={translate("alarms_silence_in")}
          value={0}
          min={0}
          max={8760}
          step="any"
          unit={term("units", "h")}
        />
        <NumberField
          name="end_ms"
          label={translate("alarms_silence_for")}
          value={2}
          min={0.1}
          max={8760}
          step="any"
          unit={term("units", "h")}
          required
        />
        <SelectField name="rule" label={translate("alarms_rule")} options={rules} none={translate("alarms_all_rules")} />
        <SelectField name="device" label={translate("alarms_device")} options={devices} none={translate("alarms_all_devices")} />
      </div>
    </Form>
  );
}
