// Sites: time zone and place. Local days, sunrise and evapotranspiration are computed with them.

import "../i18n/settings";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";

import { DoubtsOf } from "../doubts/doubt_cards";
import { siteText } from "../i18n/device_names";
import { timeZoneName } from "../i18n/instants";
import { unitText } from "../i18n/numbers";
import { listText, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Empty } from "../ui/empty";
import { DegreeFields, NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { SetActive } from "../ui/set_active";
import { BaseMap } from "./base_map";
import { Inactive, InUseCards } from "./in_use";
import type { Site } from "./records";

const MOST_NAMES = 8;

export function Sites(): JSX.Element {
  const sites = useApiList("/v1/sites", {});
  const farms = useApiList("/v1/farms", {});
  const fields = useApiList("/v1/fields", {});
  const houses = useApiList("/v1/greenhouses", {});
  const heldBy = (site: Site): string[] => [
    ...(houses.data ?? []).filter((house) => house.site === site.id).map(({ name }) => name),
    ...(fields.data ?? []).filter((field) => field.site === site.id).map(({ name }) => name),
  ];
  const known = houses.data !== undefined && fields.data !== undefined;
  return (
    <section class="stack" data-panel="sites">
      <p class="note">{translate("settings_sites_about")}</p>
      <Loaded state={sites}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={translate("settings_no_sites")} />
          ) : (
            <InUseCards records={items} card={(site) => <SiteCard key={site.id} site={site} held={known ? heldBy(site) : null} />} />
          )
        }
      </Loaded>
      {may("post", "/v1/sites") && (farms.data?.length ?? 0) > 0 ? <AddSite farms={farms.data ?? []} /> : null}
      {may("post", "/v1/farms") ? <AddFarm farms={farms.data ?? []} /> : null}
      <BaseMap />
    </section>
  );
}

function SiteCard({ site, held }: { site: Site; held: readonly string[] | null }): JSX.Element {
  const change = useWrite("put", "/v1/sites/{thing}", { refresh: ["/v1/sites", "/v1/doubts"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = { ...site, ...placeOf(values) };
    noteSaved(await change.run({ params: { path: { thing: site.id } }, body, version: site.version }));
    return false;
  };
  return (
    <article class="card" data-site={site.id}>
      <h2>
        {siteText(site.name)} <Inactive record={site} />
      </h2>
      <DoubtsOf target="site" id={site.id ?? ""} />
      {may("put", "/v1/sites/{thing}") ? (
        <Form name="site_change" submit={translate("save")} write={change} onSubmit={submit}>
          <PlaceFields site={site} />
        </Form>
      ) : (
        <p>{site.time_zone}</p>
      )}
      {may("put", "/v1/sites/{thing}") ? (
        <SetActive list="/v1/sites" record={site} about={translate("settings_site_inactive_about")} />
      ) : null}
      {may("delete", "/v1/sites/{thing}") && held !== null ? <DeleteSite site={site} held={held} /> : null}
    </article>
  );
}

/** Deletes a site to which nothing belongs; else says what does, and what to do. */
function DeleteSite({ site, held }: { site: Site; held: readonly string[] }): JSX.Element {
  if (held.length > 0) {
    const names = listText(held.slice(0, MOST_NAMES)) + (held.length > MOST_NAMES ? " …" : "");
    return <p class="note">{translate("settings_site_held", { count: held.length, names })}</p>;
  }
  return (
    <DeleteRecord
      list="/v1/sites"
      record={site}
      text={translate("settings_site_delete")}
      title={translate("settings_delete_confirm", { name: siteText(site.name) })}
      about={translate("settings_site_delete_text")}
    />
  );
}

function AddFarm({ farms }: { farms: readonly { id: string; name: string }[] }): JSX.Element {
  const add = useWrite("post", "/v1/farms", { refresh: ["/v1/farms"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    return noteSaved(await add.run({ body: { name: values.text("name") } }));
  };
  return (
    <section class="card" data-panel="add-farm">
      <Form name="farm" submit={translate("settings_farm_add")} write={add} onSubmit={submit}>
        <h2>{translate("settings_farm_add")}</h2>
        <p class="note">
          {farms.length === 0
            ? translate("settings_farm_first")
            : translate("settings_farms", { names: listText(farms.map(({ name }) => name)) })}
        </p>
        <TextField name="name" label={translate("settings_name")} required maxLength={200} />
      </Form>
    </section>
  );
}

function AddSite({ farms }: { farms: { id: string; name: string }[] }): JSX.Element {
  const add = useWrite("post", "/v1/sites", { refresh: ["/v1/sites", "/v1/doubts"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    return noteSaved(await add.run({ body: { farm: values.text("farm"), name: values.text("name"), ...placeOf(values) } }));
  };
  return (
    <section class="card">
      <Form name="site" submit={translate("settings_site_add")} write={add} onSubmit={submit}>
        <h2>{translate("settings_site_add")}</h2>
        <div class="choices-row">
          <TextField
            name="name"
            label={translate("settings_site_name")}
            required
            maxLength={64}
            hint={translate("settings_site_name_hint")}
          />
          <SelectField
            name="farm"
            label={translate("settings_farm")}
            options={farms.map((farm) => ({ value: farm.id, text: farm.name }))}
          />
        </div>
        <PlaceFields site={null} />
      </Form>
    </section>
  );
}

function PlaceFields({ site }: { site: Site | null }): JSX.Element {
  const zones = Intl.supportedValuesOf("timeZone");
  return (
    <div class="choices-row">
      <TextField
        name="time_zone"
        label={translate("settings_time_zone")}
        required
        value={site?.time_zone ?? timeZoneName()}
        proposals={zones}
      />
      <DegreeFields
        latitude={{ label: translate("settings_latitude"), value: site?.latitude_deg }}
        longitude={{ label: translate("settings_longitude"), value: site?.longitude_deg }}
      />
      <NumberField
        name="altitude_m"
        label={translate("settings_altitude")}
        value={site?.altitude_m}
        min={-500}
        max={9000}
        step="any"
        unit={unitText("m")}
      />
    </div>
  );
}

function placeOf(values: FormValues): Pick<Site, "time_zone" | "latitude_deg" | "longitude_deg" | "altitude_m"> {
  return {
    time_zone: values.text("time_zone"),
    latitude_deg: values.number("latitude_deg"),
    longitude_deg: values.number("longitude_deg"),
    altitude_m: values.number("altitude_m"),
  };
}
