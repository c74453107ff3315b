// Products and implements, and the seasons of a field: lists with forms.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ListItem } from "../api/client";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite, type BodyOf } from "../api/write";
import { useFarm } from "../app/mount";
import { areaUnitsPerHa, numberText, toAreaUnit, withUnit } from "../i18n/numbers";
import { findTerm, term, translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form } from "../ui/form";
import { noteSaved } from "../ui/overlays";
import { AddInput, InputsList } from "./inputs_list";

const DROPLETS = ["extremely_fine", "very_fine", "fine", "medium", "coarse", "very_coarse", "extremely_coarse", "ultra_coarse"] as const;
/** Kinds of devices that carry an implement. */
const VEHICLES = new Set(["drone", "rover", "boat", "plane"]);
const CROPS = ["wheat", "rice", "maize", "soybean", "tomato", "cucumber", "lettuce"] as const;

interface Vehicle {
  value: string;
  text: string;
}

export function Products(): JSX.Element {
  const products = useApiList("/v1/products", {});
  const catalogue = useApi("/v1/products/catalog", {});
  const refresh = ["/v1/products"] as const;
  const add = useWrite("post", "/v1/products", { refresh });
  const addKnown = useWrite("post", "/v1/products/catalog/{name}", { refresh });
  const known = new Set((products.data ?? []).map(({ name }) => name));
  return (
    <InputsList
      panel="products"
      list="/v1/products"
      name={translate("work_products")}
      state={products}
      sorted={{ key: "name" }}
      columns={[
        {
          key: "form",
          head: translate("work_form"),
          cell: ({ kind }) => translate(kind === "liquid" ? "work_liquid" : "work_granular"),
        },
        {
          key: "grade",
          head: translate("work_grade"),
          cell: ({ n_pct, p2o5_pct, k2o_pct }) => [n_pct, p2o5_pct, k2o_pct].map((each) => numberText(each, 0)).join("-"),
        },
      ]}
    >
      <Form
        name="known_product"
        submit={translate("work_catalogue_add")}
        write={addKnown}
        onSubmit={async (values) => noteSaved(await addKnown.run({ params: { path: { name: values.text("known") } } as never }))}
      >
        <SelectField
          key={`known-${known.size}`}
          name="known"
          label={translate("work_catalogue")}
          options={(catalogue.data?.items ?? []).filter(({ name }) => !known.has(name)).map(({ name }) => ({ value: name, text: name }))}
        />
      </Form>
      <AddInput
        name="product"
        text={translate("work_product_add")}
        write={add}
        add={(values) => {
          const body = {
            name: values.text("name"),
            kind: values.text("kind") as "granular" | "liquid",
            n_pct: values.number("n_pct") ?? 0,
            p2o5_pct: values.number("p2o5_pct") ?? 0,
            k2o_pct: values.number("k2o_pct") ?? 0,
            density_kg_l: values.number("density_kg_l"),
          };
          return add.run({ body });
        }}
      >
        <SelectField
          name="kind"
          label={translate("work_form")}
          options={[
            { value: "granular", text: translate("work_granular") },
            { value: "liquid", text: translate("work_liquid") },
          ]}
        />
        <NumberField name="n_pct" label="N [%]" step="any" min={0} max={100} required />
        <NumberField name="p2o5_pct" label="P₂O₅ [%]" step="any" min={0} max={100} value={0} />
        <NumberField name="k2o_pct" label="K₂O [%]" step="any" min={0} max={100} value={0} />
        <NumberField name="density_kg_l" label={translate("work_density")} step="any" min={0.3} max={3} />
      </AddInput>
    </InputsList>
  );
}

export function Implements(): JSX.Element {
  const farm = useFarm();
  const implement = useApiList("/v1/implements", {});
  const [kind, setKind] = useState("spreader");
  const add = useWrite("post", "/v1/implements", { refresh: ["/v1/implements"] });
  const places = useApi("/v1/device-places", {});
  // The registry knows a vehicle by an id of its own, people by its name.
  const vehicles: Vehicle[] = (places.data?.items ?? [])
    .filter(({ device }) => VEHICLES.has(farm.devices.get(device)?.kind ?? ""))
    .map(({ id, device }) => ({ value: id, text: farm.nameOf(device) }));
  return (
    <InputsList
      panel="implements"
      list="/v1/implements"
      name={translate("work_implements")}
      state={implement}
      sorted={{ key: "name" }}
      columns={[
        {
          key: "kind",
          head: translate("work_implement_kind"),
          cell: (each) => translate(each.kind === "sprayer" ? "work_sprayer" : "work_spreader"),
        },
        { key: "swath", head: translate("work_swath"), number: true, cell: ({ swath_m }) => numberText(swath_m, 1) },
        {
          key: "droplets",
          head: translate("work_droplet_class"),
          cell: ({ droplet_class }) => (droplet_class ? term("droplet_classes", droplet_class) : "—"),
        },
        { key: "vehicle", head: translate("work_mounted"), cell: (each) => <VehicleOf implement={each} vehicles={vehicles} /> },
      ]}
    >
      <AddInput
        name="implement"
        text={translate("work_implement_add")}
        write={add}
        add={(values) => {
          const wire = values.text("device");
          const body = {
            name: values.text("name"),
            kind: values.text("kind") as "spreader" | "sprayer",
            swath_m: values.number("swath_m") ?? 0,
            tank_l: values.number("tank_l"),
            max_flow_kg_min: kind === "spreader" ? values.number("max_flow") : null,
            max_flow_l_min: kind === "sprayer" ? values.number("max_flow") : null,
            max_speed_m_s: values.number("max_speed_m_s"),
            droplet_class: (values.text("droplet_class") || null) as never,
            ...(wire === "" ? {} : { device: wire }),
          };
          return add.run({ body: body as BodyOf<"/v1/implements", "post"> });
        }}
      >
        <SelectField
          name="kind"
          label={translate("work_implement_kind")}
          onSelect={setKind}
          options={[
            { value: "spreader", text: translate("work_spreader") },
            { value: "sprayer", text: translate("work_sprayer") },
          ]}
        />
        <SelectField name="device" label={translate("work_mounted")} none={translate("work_mounted_none")} options={vehicles} />
        <NumberField name="swath_m" label={translate("work_swath")} step="any" min={0.1} max={100} required />
        <NumberField name="tank_l" label={translate("work_tank")} step="any" min={0} />
        <NumberField name="max_flow" label={translate(kind === "sprayer" ? "work_max_flow_l" : "work_max_flow_kg")} step="any" min={0} />
        <NumberField name="max_speed_m_s" label={translate("work_max_speed")} step="any" min={0} />
        {kind === "sprayer" ? (
          <SelectField
            name="droplet_class"
            label={translate("work_droplet_class")}
            none={translate("unknown")}
            options={DROPLETS.map((value) => ({ value, text: term("droplet_classes", value) }))}
          />
        ) : null}
      </AddInput>
    </InputsList>
  );
}

/** The vehicle that an implement is mounted on, chosen by its name. */
function VehicleOf({ implement, vehicles }: { implement: ListItem<"/v1/implements">; vehicles: readonly Vehicle[] }): JSX.Element {
  const change = useWrite("put", "/v1/implements/{thing}", { refresh: ["/v1/implements"] });
  const current = implement.device ?? "";
  if (!may("put", "/v1/implements/{thing}")) return <>{vehicles.find(({ value }) => value === current)?.text ?? "—"}</>;
  const choose = async (device: string): Promise<void> => {
    const body = { ...implement, device: device === "" ? null : device };
    noteSaved(await change.run({ params: { path: { thing: implement.id } }, body, version: implement.version }));
  };
  return (
    <>
      <select
        aria-label={translate("work_mounted_of", { name: implement.name })}
        value={current}
        disabled={change.saving}
        onChange={(event) => void choose(event.currentTarget.value)}
      >
        <option value="">{translate("work_mounted_none")}</option>
        {vehicles.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <ErrorText error={change.error} inline />
    </>
  );
}

export function Seasons({ field }: { field: string }): JSX.Element {
  const seasons = useApiList("/v1/seasons", { query: { field } });
  const add = useWrite("post", "/v1/seasons", { refresh: ["/v1/seasons"] });
  return (
    <InputsList
      panel="seasons"
      list="/v1/seasons"
      name={translate("work_seasons")}
      state={seasons}
      columns={[
        { key: "crop", head: translate("work_crop"), cell: ({ crop }) => findTerm("crops", crop.toLowerCase()) ?? crop },
        { key: "sown", head: translate("work_sowing"), cell: ({ sowing_date }) => sowing_date ?? "—" },
        { key: "harvest", head: translate("work_harvest"), cell: ({ harvest_date }) => harvest_date ?? "—" },
        {
          key: "yield",
          head: translate("work_target_yield"),
          cell: ({ target_yield_t_ha }) =>
            target_yield_t_ha === null || target_yield_t_ha === undefined ? "—" : withUnit(target_yield_t_ha * 1000, "kg/ha"),
        },
      ]}
    >
      <AddInput
        name="season_of_field"
        text={translate("work_season_add")}
        write={add}
        add={(values) => {
          const crop = values.text("crop");
          const yieldKg = values.number("target_yield");
          const body = {
            field,
            name: values.text("name"),
            crop: CROPS.find((each) => findTerm("crops", each) === crop) ?? crop,
            variety: values.text("variety"),
            sowing_date: values.text("sowing_date") || null,
            harvest_date: values.text("harvest_date") || null,
            target_yield_t_ha: yieldKg === null ? null : (yieldKg * areaUnitsPerHa()) / 1000,
          };
          return add.run({ body });
        }}
      >
        <TextField
          name="crop"
          label={translate("work_crop")}
          required
          maxLength={100}
          proposals={CROPS.map((crop) => findTerm("crops", crop) ?? crop)}
        />
        <TextField name="variety" label={translate("work_variety")} maxLength={200} />
        <TextField name="sowing_date" type="date" label={translate("work_sowing")} />
        <TextField name="harvest_date" type="date" label={translate("work_harvest")} />
        <NumberField name="target_yield" label={translate("work_target_yield")} unit={toAreaUnit(1, "kg/ha").unit} step="any" min={0} />
      </AddInput>
    </InputsList>
  );
}
