// Sites: time zone and place. Local days, sunrise and evapotranspiration are computed with them.

import "../i18n/settings";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { mayWrite } from "../app/mount";
import { timeZoneName } from "../i18n/instants";
import { unitText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { BaseMap } from "./base_map";
import type { Site } from "./records";

export function Sites(): JSX.Element {
  const sites = useApiList("/v1/sites", {});
  const farms = useApiList("/v1/farms", {});
  return (
    <section class="stack" data-panel="sites">
      <p class="note">{translate("settings_sites_about")}</p>
      <Loaded state={sites}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={translate("settings_no_sites")} />
          ) : (
            <div class="cards">
              {items.map((site) => (
                <SiteCard key={site.id} site={site} />
              ))}
            </div>
          )
        }
      </Loaded>
      {mayWrite() && (farms.data?.length ?? 0) > 0 ? <AddSite farms={farms.data ?? []} /> : null}
      <BaseMap />
    </section>
  );
}

function SiteCard({ site }: { site: Site }): JSX.Element {
  const change = useWrite("put", "/v1/sites/{thing}", { refresh: ["/v1/sites"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = { ...site, ...placeOf(values) };
    if ((await change.run({ params: { path: { thing: site.id } }, body, version: site.version })) !== null) showToast(translate("saved"));
    return false;
  };
  return (
    <article class="card" data-site={site.id}>
      <h2>{site.name}</h2>
      {mayWrite() ? (
        <Form submit={translate("save")} write={change} onSubmit={submit}>
          <PlaceFields site={site} />
        </Form>
      ) : (
        <p>{site.time_zone}</p>
      )}
    </article>
  );
}

function AddSite({ farms }: { farms: { id: string; name: string }[] }): JSX.Element {
  const add = useWrite("post", "/v1/sites", { refresh: ["/v1/sites"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const added = await add.run({ body: { farm: values.text("farm"), name: values.text("name"), ...placeOf(values) } });
    if (added !== null) showToast(translate("saved"));
    return added !== null;
  };
  return (
    <section class="card">
      <Form submit={translate("settings_site_add")} write={add} onSubmit={submit}>
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
      <NumberField
        name="latitude_deg"
        label={translate("settings_latitude")}
        value={site?.latitude_deg}
        min={-90}
        max={90}
        step="any"
        unit="°"
      />
      <NumberField
        name="longitude_deg"
        label={translate("settings_longitude")}
        value={site?.longitude_deg}
        min={-180}
        max={180}
        step="any"
        unit="°"
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
