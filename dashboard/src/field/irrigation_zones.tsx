// Irrigation zones of a field: forms for the record of a field or a part of it, and what an address declares kept as records.

import "../i18n/field_water";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { knownAuthor } from "../api/authors";
import type { ListItem } from "../api/client";
import { useApi } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useWrite, type BodyOf } from "../api/write";
import { useFarm } from "../app/mount";
import { areaText, areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate, type TextKey } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { noteSaved, showToast } from "../ui/overlays";
import type { Declared } from "./declared_soil";
import { declaredAmounts, LOSSES_AND_PUMP, withDeclared } from "./irrigation_rows";
import { SoilFields, TEXTURES } from "./soil_form";

export type Zone = ListItem<"/v1/irrigation-zones">;
type Given = BodyOf<"/v1/irrigation-zones", "post">;

const NUMBERS = ["field_capacity_pct", "wilting_point_pct", ...LOSSES_AND_PUMP] as const;
const REFRESH = ["/v1/irrigation-zones", "/v1/fields/{thing}/water"] as const;
export const METHODS = ["drip", "sprinkler", "furrow", "basin"] as const;
const M2_PER_HA = 10_000;

export function methodOptions(): { value: string; text: string }[] {
  return METHODS.map((value) => ({ value, text: translate(`water_method_${value}` as TextKey) }));
}

interface EditZoneProps {
  field: FieldRecord;
  zone: Zone;
  onDeleted: () => void;
}

/** The record of a zone, to be changed or deleted. */
export function EditZone({ field, zone, onDeleted }: EditZoneProps): JSX.Element {
  const change = useWrite("put", "/v1/irrigation-zones/{thing}", { refresh: REFRESH });
  return (
    <details class="card fold" data-panel="irrigation-zone">
      <summary>{translate("water_zone", { name: zone.name })}</summary>
      <Form
        name="irrigation_zone_change"
        submit={translate("save")}
        write={change}
        onSubmit={async (values) => {
          const body = { ...zone, ...givenOf(values, zone) };
          noteSaved(await change.run({ params: { path: { thing: zone.id } }, body, version: zone.version }));
          return false;
        }}
      >
        <ZoneFields field={field} zone={zone} />
      </Form>
      <div class="buttons">
        <DeleteRecord
          list="/v1/irrigation-zones"
          record={zone}
          title={translate("delete")}
          about={translate("water_zone_delete", { name: zone.name })}
          refresh={["/v1/fields/{thing}/water"]}
          onDeleted={onDeleted}
        />
      </div>
    </details>
  );
}

interface AddZoneProps {
  field: FieldRecord;
  /** The zone that is all of the field: another one is a part of it. */
  whole: Zone | null;
  onAdded: (zone: Zone) => void;
}

export function AddZone({ field, whole, onAdded }: AddZoneProps): JSX.Element | null {
  const add = useWrite("post", "/v1/irrigation-zones", { refresh: REFRESH });
  if (!add.allowed) return null;
  return (
    <details class="card fold" data-panel="add-irrigation-zone">
      <summary>{translate("water_zone_add")}</summary>
      <Form
        name="irrigation_zone"
        submit={translate("water_zone_add")}
        write={add}
        onSubmit={async (values) => {
          const made = await add.run({ body: { field: field.id, ...givenOf(values, null) } as Given });
          if (made === null || made === true) return false;
          noteSaved(made);
          onAdded(made);
          return true;
        }}
      >
        <p class="note">{translate(whole === null ? "water_zone_about" : "water_zone_about_part", { name: whole?.name ?? "" })}</p>
        <ZoneFields field={field} zone={null} isPart={whole !== null} />
      </Form>
    </details>
  );
}

function ZoneFields({ field, zone, isPart = false }: { field: FieldRecord; zone: Zone | null; isPart?: boolean }): JSX.Element {
  const area = zone?.area_m2 ?? null;
  return (
    <>
      <div class="choices-row">
        <TextField name="name" label={translate("work_name")} required maxLength={200} value={zone?.name ?? ""} />
        <NumberField
          name="area_m2"
          label={translate("water_zone_area")}
          unit={toAreaUnit(1, "ha").unit}
          step="any"
          min={0}
          required={isPart}
          value={area === null ? null : shownArea(area)}
          hint={translate(isPart ? "water_zone_area_part" : "water_zone_area_hint", { area: areaText(field.usable_area_m2) })}
        />
        <SelectField
          name="method"
          label={translate("water_method")}
          value={zone?.method ?? null}
          none={translate("unknown")}
          options={methodOptions()}
        />
        <SoilFields given={zone ?? {}} names={NUMBERS} />
      </div>
      <ZoneDevices field={field.id} chosen={zone?.devices ?? []} />
    </>
  );
}

/** The probes and meters of a zone, out of the devices that are on the field. */
function ZoneDevices({ field, chosen }: { field: string; chosen: readonly string[] }): JSX.Element | null {
  const farm = useFarm();
  const places = useApi("/v1/device-places", {});
  const here = (places.data?.items ?? []).filter((place) => place.field === field).map(({ device }) => device);
  // One that left the field stays named until a person takes it out.
  const all = [...here, ...chosen.filter((device) => !here.includes(device))];
  if (all.length === 0) return null;
  return (
    <fieldset class="layers">
      <legend>{translate("water_zone_devices")}</legend>
      {all.map((device) => (
        <label key={device}>
          <input type="checkbox" name="devices" value={device} defaultChecked={chosen.includes(device)} />
          {farm.nameOf(device)}
        </label>
      ))}
    </fieldset>
  );
}

function givenOf(values: FormValues, zone: Zone | null): Omit<Given & object, "field"> {
  const area = values.number("area_m2");
  const [known, shown] = [zone?.area_m2 ?? null, zone?.area_m2 ? shownArea(zone.area_m2) : null];
  return {
    name: values.text("name"),
    // What nobody changed keeps its exact area.
    area_m2: area === null ? null : area === shown ? known : (area * M2_PER_HA) / areaUnitsPerHa(),
    devices: values.all("devices"),
    texture: TEXTURES.find((each) => each === values.text("texture")) ?? null,
    method: METHODS.find((each) => each === values.text("method")) ?? null,
    ...Object.fromEntries(NUMBERS.map((name) => [name, values.number(name)])),
  };
}

function shownArea(areaM2: number): number {
  return Number(((areaM2 / M2_PER_HA) * areaUnitsPerHa()).toFixed(4));
}

interface SaveDeclaredProps {
  field: FieldRecord;
  zone: Zone | null;
  declared: Declared;
  /** Called with what has no record, or was not saved: it stays in the address. */
  onSaved: (left: Declared) => void;
}

/** What the address declares holds for this page alone: a button keeps it for the farm, another forgets it. */
export function SaveDeclared({ field, zone, declared, onSaved }: SaveDeclaredProps): JSX.Element {
  const add = useWrite("post", "/v1/irrigation-zones", { refresh: REFRESH });
  const change = useWrite("put", "/v1/irrigation-zones/{thing}", { refresh: REFRESH });
  const write = useWrite("post", "/v1/irrigations", { refresh: ["/v1/irrigations", "/v1/fields/{thing}/water"] });
  const [saving, setSaving] = useState(false);
  const saveZone = async (): Promise<unknown> => {
    const body = withDeclared<Partial<Zone>, Declared>(zone ?? { field: field.id, name: translate("water_zone_whole") }, declared);
    if (zone === null) return add.run({ body: body as Given });
    return change.run({ params: { path: { thing: zone.id } }, body, version: zone.version } as never);
  };
  const save = async (): Promise<void> => {
    setSaving(true);
    let left = declared.irrigation ?? [];
    const isSaved = (await saveZone()) !== null;
    while (isSaved && left.length > 0) {
      const [given] = declaredAmounts(left.slice(0, 1));
      if (
        given === undefined ||
        (await write.run({ body: { field: field.id, zone: zone?.id ?? null, author: knownAuthor(), ...given } })) === null
      )
        break;
      left = left.slice(1);
    }
    setSaving(false);
    if (!isSaved) return;
    if (left.length === 0) showToast(translate("saved"));
    const { start_depleted: start } = declared;
    onSaved({ ...(start === undefined ? {} : { start_depleted: start }), ...(left.length === 0 ? {} : { irrigation: left }) });
  };
  return (
    <section class="card" data-panel="declared">
      <p>{translate(zone === null ? "water_declared_only" : "water_declared_over", { name: zone?.name ?? "" })}</p>
      <ErrorText error={add.error ?? change.error ?? write.error} />
      <div class="buttons">
        {add.allowed ? (
          <button type="button" class="primary" disabled={saving} onClick={() => void save()}>
            {translate("water_declared_save")}
          </button>
        ) : null}
        <button type="button" class="secondary" onClick={() => onSaved({})}>
          {translate("water_declared_forget")}
        </button>
      </div>
    </section>
  );
}
