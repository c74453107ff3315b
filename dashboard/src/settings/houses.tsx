// Houses: cover, zones with crop and stage, and the devices of each zone. What answers about a house rest on is set here.

import { hrefOf } from "../app/address";
import "../i18n/greenhouse";
import "../i18n/sensors";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite } from "../api/write";
import { useFarm } from "../app/mount";
import { siteText } from "../i18n/device_names";
import { findTerm, idOfTerm, listText, term, translate, zoneText } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Empty } from "../ui/empty";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { SetActive } from "../ui/set_active";
import { Inactive, InUseCards } from "./in_use";
import type { Greenhouse, Site, Zone } from "./records";

const CROPS = ["tomato", "cucumber", "lettuce", "strawberry"] as const;
const VEHICLES = new Set(["drone", "component", "rover", "boat", "plane"]);
const COVERS = ["glass", "film", "double film", "polycarbonate"] as const;

export function Houses(): JSX.Element {
  const houses = useApiList("/v1/greenhouses", {});
  const zones = useApiList("/v1/greenhouse-zones", {});
  const sites = useApiList("/v1/sites", {});
  const registered = new Set(houses.data?.map((house) => house.name));
  const farm = useFarm();
  const without = [...farm.devices.values()].filter((device) => device.kind === "greenhouse" && !registered.has(device.name || device.id));
  return (
    <section class="stack" data-panel="houses">
      <p class="note">{translate("settings_crops_about")}</p>
      <Loaded state={houses}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={translate("settings_no_greenhouses")} />
          ) : (
            <InUseCards
              records={items}
              card={(house) => (
                <HouseCard key={house.id} house={house} zones={(zones.data ?? []).filter((zone) => zone.greenhouse === house.id)} />
              )}
            />
          )
        }
      </Loaded>
      {may("post", "/v1/greenhouses") ? (
        <AddHouse sites={inUse(sites.data)} proposals={without.map((device) => device.name || device.id)} />
      ) : null}
    </section>
  );
}

function HouseCard({ house, zones }: { house: Greenhouse; zones: Zone[] }): JSX.Element {
  const [adding, setAdding] = useState(false);
  const change = useWrite("put", "/v1/greenhouses/{thing}", { refresh: ["/v1/greenhouses"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = {
      ...house,
      cover: values.text("cover"),
      floor_area_m2: values.number("floor_area_m2"),
      volume_m3: values.number("volume_m3"),
    };
    noteSaved(await change.run({ params: { path: { thing: house.id } }, body, version: house.version }));
    return false;
  };
  return (
    <article class="card" data-house={house.id}>
      <header>
        <h2>
          {house.name} <Inactive record={house} />
        </h2>
      </header>
      {may("put", "/v1/greenhouses/{thing}") ? (
        <details class="how">
          <summary>{translate("settings_house_more")}</summary>
          <Form name="house_change" submit={translate("save")} write={change} onSubmit={submit}>
            <div class="choices-row">
              <SelectField
                name="cover"
                label={translate("settings_cover")}
                value={house.cover}
                options={[...COVERS, ...(house.cover && !(COVERS as readonly string[]).includes(house.cover) ? [house.cover] : [])].map(
                  (value) => ({
                    value,
                    text: findTerm("covers", value) ?? value,
                  }),
                )}
                none={translate("settings_not_known")}
              />
              <NumberField
                name="floor_area_m2"
                label={translate("settings_floor")}
                value={house.floor_area_m2}
                min={1}
                step="any"
                unit="m²"
              />
              <NumberField name="volume_m3" label={translate("settings_volume")} value={house.volume_m3} min={1} step="any" unit="m³" />
            </div>
          </Form>
        </details>
      ) : (
        <p class="note">{house.cover ? (findTerm("covers", house.cover) ?? house.cover) : translate("settings_not_known")}</p>
      )}
      {zones.map((zone) => (
        <ZoneEditor key={zone.id} zone={zone} />
      ))}
      {zones.length === 0 ? <p class="note">{translate("settings_zone_missing")}</p> : null}
      {may("post", "/v1/greenhouse-zones") ? (
        adding || zones.length === 0 ? (
          <AddZone house={house} first={zones.length === 0} onDone={() => setAdding(false)} />
        ) : (
          <button type="button" class="secondary" onClick={() => setAdding(true)}>
            {translate("settings_zone_add")}
          </button>
        )
      ) : null}
      {may("put", "/v1/greenhouses/{thing}") ? (
        <SetActive list="/v1/greenhouses" record={house} about={translate("settings_house_inactive_about")} />
      ) : null}
      {may("delete", "/v1/greenhouses/{thing}") ? <DeleteHouse house={house} zones={zones} /> : null}
    </article>
  );
}

/** Deletes a house without zones; with zones, says which are to be deleted first. */
function DeleteHouse({ house, zones }: { house: Greenhouse; zones: readonly Zone[] }): JSX.Element {
  if (zones.length > 0)
    return <p class="note">{translate("settings_house_delete_zones", { zones: listText(zones.map(({ name }) => zoneText(name))) })}</p>;
  return (
    <DeleteRecord
      list="/v1/greenhouses"
      record={house}
      text={translate("settings_house_delete")}
      title={translate("settings_delete_confirm", { name: house.name })}
      about={translate("settings_house_delete_text")}
    />
  );
}

function cropNames(): string[] {
  return CROPS.map((crop) => term("crops", crop));
}

function ZoneEditor({ zone }: { zone: Zone }): JSX.Element {
  const change = useWrite("put", "/v1/greenhouse-zones/{thing}", { refresh: ["/v1/greenhouse-zones"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = { ...zone, crop: idOfTerm("crops", values.text("crop")), stage: idOfTerm("crop_stages", values.text("stage")) };
    noteSaved(await change.run({ params: { path: { thing: zone.id } }, body, version: zone.version }));
    return false;
  };
  return (
    <section class="stack" data-zone={zone.id}>
      <h3>{zoneText(zone.name)}</h3>
      {may("put", "/v1/greenhouse-zones/{thing}") ? (
        <Form name="zone_change" submit={translate("save")} write={change} onSubmit={submit}>
          <div class="choices-row">
            <TextField
              name="crop"
              label={translate("settings_crop")}
              value={findTerm("crops", zone.crop) ?? zone.crop}
              maxLength={100}
              proposals={cropNames()}
            />
            <TextField
              name="stage"
              label={translate("settings_stage")}
              value={findTerm("crop_stages", zone.stage) ?? zone.stage}
              maxLength={100}
              proposals={stageNames()}
              hint={translate("settings_stage_hint")}
            />
          </div>
        </Form>
      ) : (
        <p>
          {listText([findTerm("crops", zone.crop) ?? zone.crop, findTerm("crop_stages", zone.stage) ?? zone.stage]) ||
            translate("settings_not_known")}
        </p>
      )}
      <ZoneDevices zone={zone} />
      {may("post", "/v1/gateways/{gateway}/orders") ? (
        <LazyFold
          title={translate("sensor_connect")}
          load={async () => (await import("../sensors/connect_sensor")).ConnectSensor}
          props={{ zone }}
        />
      ) : null}
      {may("delete", "/v1/greenhouse-zones/{thing}") ? (
        <DeleteRecord
          list="/v1/greenhouse-zones"
          record={zone}
          text={translate("settings_zone_delete")}
          title={translate("settings_delete_confirm", { name: zone.name })}
          about={translate("settings_zone_delete_text")}
        />
      ) : null}
    </section>
  );
}

function stageNames(): string[] {
  return ["seedling", "vegetative", "flowering", "fruiting", "heading", "harvest"]
    .map((stage) => findTerm("crop_stages", stage))
    .filter((name): name is string => name !== null);
}

function ZoneDevices({ zone }: { zone: Zone }): JSX.Element {
  const farm = useFarm();
  const places = useApi("/v1/device-places", {});
  // A vehicle belongs to no zone.
  const candidates = (places.data?.items ?? []).filter(({ device }) => !VEHICLES.has(farm.devices.get(device)?.kind ?? ""));
  return (
    <fieldset class="layers">
      <legend>{translate("settings_zone_devices")}</legend>
      {places.data !== undefined && candidates.length === 0 ? <span class="note">{translate("settings_no_devices")}</span> : null}
      {candidates.map((place) => (
        <PlacedDevice key={place.device} place={place} name={farm.nameOf(place.device)} zone={zone.id} />
      ))}
    </fieldset>
  );
}

function PlacedDevice({ place, name, zone }: { place: { device: string; zone: string | null }; name: string; zone: string }): JSX.Element {
  const put = useWrite("put", "/v1/devices/{device}/place", { refresh: ["/v1/device-places", "/v1/greenhouses"] });
  const here = place.zone === zone;
  const move = (zoneOrNone: string | null): void =>
    void put.run({ params: { path: { device: place.device } }, body: { zone: zoneOrNone, field: null } });
  return (
    <label>
      <input
        type="checkbox"
        checked={here}
        disabled={!may("put", "/v1/devices/{device}/place") || put.saving}
        onChange={(event) => move(event.currentTarget.checked ? zone : null)}
      />
      {name}
      {place.zone !== null && !here ? <span class="note"> {translate("settings_in_other_zone")}</span> : null}
      <ErrorText error={put.error} inline />
    </label>
  );
}

function AddZone({ house, first, onDone }: { house: Greenhouse; first: boolean; onDone: () => void }): JSX.Element {
  const add = useWrite("post", "/v1/greenhouse-zones", { refresh: ["/v1/greenhouse-zones"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = {
      greenhouse: house.id,
      name: values.text("name"),
      crop: idOfTerm("crops", values.text("crop")),
      stage: idOfTerm("crop_stages", values.text("stage")),
    };
    const added = await add.run({ body });
    if (!noteSaved(added)) return false;
    onDone();
    return true;
  };
  return (
    <Form name="zone" submit={translate("settings_zone_add")} write={add} onSubmit={submit} {...(first ? {} : { onCancel: onDone })}>
      <div class="choices-row">
        <TextField
          name="name"
          label={translate("settings_zone_name")}
          required
          maxLength={200}
          value={first ? translate("settings_zone_whole") : ""}
        />
        <TextField name="crop" label={translate("settings_crop")} maxLength={100} proposals={cropNames()} />
        <TextField name="stage" label={translate("settings_stage")} maxLength={100} proposals={stageNames()} />
      </div>
    </Form>
  );
}

function AddHouse({ sites, proposals }: { sites: Site[]; proposals: string[] }): JSX.Element {
  const add = useWrite("post", "/v1/greenhouses", { refresh: ["/v1/greenhouses"] });
  const submit = async (values: FormValues): Promise<boolean | null> => {
    const site = sites.find((each) => each.id === values.text("site"));
    if (site === undefined) return null;
    return noteSaved(await add.run({ body: { farm: site.farm, site: site.id, name: values.text("name"), cover: values.text("cover") } }));
  };
  if (sites.length === 0)
    return (
      <Empty
        text={translate("settings_site_first")}
        link={{ href: hrefOf("settings", { tab: "sites" }), text: translate("settings_sites") }}
      />
    );
  return (
    <section class="card">
      <Form name="house" submit={translate("settings_house_add")} write={add} onSubmit={submit}>
        <h2>{translate("settings_house_add")}</h2>
        <div class="choices-row">
          <TextField name="name" label={translate("settings_name")} required maxLength={200} proposals={proposals} />
          <SelectField
            name="site"
            label={translate("settings_site")}
            options={sites.map((site) => ({ value: site.id, text: siteText(site.name) }))}
          />
          <SelectField
            name="cover"
            label={translate("settings_cover")}
            options={COVERS.map((value) => ({ value, text: findTerm("covers", value) ?? value }))}
            none={translate("settings_not_known")}
          />
        </div>
      </Form>
    </section>
  );
}
