// Water given to a field or a zone: a form to write it down, and the list of what meters counted and people wrote, with what counts.

import "../i18n/field_water";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import type { ListItem } from "../api/client";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { reload, type ApiState } from "../api/query";
import { useKeptWrite } from "../api/write";
import { useFarm } from "../app/mount";
import { dateOf } from "../i18n/instants";
import { unitText, withUnit } from "../i18n/numbers";
import { currentAreaUnit } from "../i18n/preferences";
import { listText, translate, type TextKey } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { Table } from "../ui/table";
import { amountOf, rowsOf, type AmountUnit, type Row } from "./irrigation_rows";
import { METHODS, methodOptions, type Zone } from "./irrigation_zones";
import type { Water } from "./records";

type Written = ListItem<"/v1/irrigations">;

/** The most of one entry, as the API takes it. */
const MOST: Readonly<Record<AmountUnit, number>> = { mm: 500, m3: 1e6, m3_mu: 333 };

interface IrrigationsProps {
  field: string;
  zone: Zone | null;
  records: ApiState<Written[]>;
  given: Water["irrigations"];
  /** Whether the balance is under way: what it does not name may be counted in a moment. */
  isCounting: boolean;
}

export function Irrigations({ field, zone, records, given, isCounting }: IrrigationsProps): JSX.Element {
  const farm = useFarm();
  const devices = (names: string): string => listText(names.split(", ").map((each) => farm.nameOf(each)));
  return (
    <section class="card" data-panel="irrigations">
      <h2>{translate("water_irrigations")}</h2>
      {may("post", "/v1/irrigations") ? <WriteDown field={field} zone={zone} /> : null}
      <Loaded state={records}>
        {(written) => (
          <Table
            name={translate("water_irrigations")}
            rows={rowsOf(given, written, zone?.area_m2 ? zone.id : null)}
            keyOf={({ key }) => key}
            rowAttributes={({ counted, source }) => ({ "data-counted": counted, "data-source": source })}
            empty={<p class="note">{translate("water_irrigations_none")}</p>}
            pageSize={10}
            columns={[
              { key: "day", head: translate("water_day"), cell: ({ day }) => day },
              { key: "amount", head: translate("water_amount"), number: true, cell: amountText },
              {
                key: "source",
                head: translate("water_source"),
                cell: ({ source, devices: names, record }) =>
                  source === "meter"
                    ? translate("water_source_meter", { devices: devices(names) })
                    : source === "request"
                      ? translate("water_source_request")
                      : translate("water_source_record", { author: record?.author || translate("unknown") }),
              },
              {
                key: "counted",
                head: translate("water_counted"),
                cell: ({ counted }) =>
                  translate(counted === "outside" && isCounting ? "water_counted_soon" : (`water_counted_${counted}` as TextKey)),
              },
              { key: "delete", head: "", cell: ({ record }) => (record === null ? null : <DeleteIrrigation record={record} />) },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}

function amountText({ amountMm, volumeM3 }: Row<Written>): string {
  const depth = amountMm === null ? "" : withUnit(amountMm, "mm", 1);
  const volume = volumeM3 === null ? "" : withUnit(volumeM3, "m3", 0);
  return depth && volume ? `${depth} (${volume})` : depth || volume;
}

function DeleteIrrigation({ record }: { record: Written }): JSX.Element {
  return (
    <DeleteRecord
      list="/v1/irrigations"
      record={record}
      label={`${translate("delete")}: ${record.day}`}
      title={translate("delete")}
      about={translate("water_irrigation_delete", { day: record.day })}
      refresh={["/v1/fields/{thing}/water"]}
    />
  );
}

/** Form for water that was given; without a network the entry is kept on this device. */
function WriteDown({ field, zone }: { field: string; zone: Zone | null }): JSX.Element | null {
  const isMu = currentAreaUnit() === "mu";
  const [unit, setUnit] = useState<AmountUnit>(isMu ? "m3_mu" : "mm");
  const add = useKeptWrite("post", "/v1/irrigations", ({ body }) => translate("water_kept", { day: body?.day ?? "" }), {
    refresh: ["/v1/irrigations"],
  });
  const submit = async (values: FormValues): Promise<boolean> => {
    const author = values.text("author");
    const body = {
      field,
      zone: zone?.id ?? null,
      day: values.text("day"),
      ...amountOf(values.number("amount") ?? 0, unit),
      method: METHODS.find((each) => each === values.text("method")) ?? null,
      author,
    };
    const added = await add.run({ body });
    if (added === null) return false;
    // The balance takes seconds: the form does not wait for it.
    void reload("/v1/fields/{thing}/water");
    keepAuthor(author);
    showToast(translate(added === "kept" ? "kept" : "saved"));
    return true;
  };
  const units: readonly AmountUnit[] = isMu ? ["m3_mu", "m3", "mm"] : ["mm", "m3"];
  const textOf = (each: AmountUnit): string => (each === "m3_mu" ? `${unitText("m3")}/${unitText("mu")}` : unitText(each));
  return (
    <details class="fold">
      <summary>{translate("water_write_down")}</summary>
      <Form name="irrigation" submit={translate("water_write_down")} write={add} onSubmit={submit}>
        <div class="choices-row">
          <TextField name="day" type="date" label={translate("water_day")} required value={dateOf(nowMs())} />
          <NumberField name="amount" label={translate("water_amount")} required step="any" min={0.001} max={MOST[unit]} />
          <SelectField
            name="unit"
            label={translate("water_unit")}
            value={unit}
            options={units.map((each) => ({ value: each, text: textOf(each) }))}
            onSelect={(value) => setUnit(value as AmountUnit)}
          />
          <SelectField name="method" label={translate("water_method")} none={translate("water_method_of_zone")} options={methodOptions()} />
          <TextField name="author" label={translate("water_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
        </div>
      </Form>
    </details>
  );
}
