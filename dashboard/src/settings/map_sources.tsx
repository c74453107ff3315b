// Map sources: services of map tiles that an administrator adds, known ones by one choice, others by their address.

import "../i18n/map_sources";
import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import limits from "../../../headland/contract/map_tiles.json";
import type { Body, ListItem } from "../api/client";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";

const LIST = "/v1/map-sources";
const OTHER = "other";

type Source = ListItem<"/v1/map-sources">;
type Known = Body<"/v1/map-sources/catalog">["items"][number];
type System = "wgs84" | "gcj02";

export function MapSources(): JSX.Element {
  const sources = useApiList(LIST, {});
  const catalog = useApi(`${LIST}/catalog`, {});
  return (
    <section class="stack" data-panel="map-sources">
      <p class="note">{translate("source_about")}</p>
      <Loaded state={sources}>
        {(list) => (
          <>
            {list.length === 0 ? <p>{translate("source_none")}</p> : null}
            <div class="cards">
              {list.map((source) => (
                <SourceCard key={source.id} source={source} />
              ))}
            </div>
          </>
        )}
      </Loaded>
      <Loaded state={catalog}>{({ items }) => <AddSource known={items} />}</Loaded>
    </section>
  );
}

function SourceCard({ source }: { source: Source }): JSX.Element {
  const change = useWrite("put", `${LIST}/{thing}`, { refresh: [LIST] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = { ...source, ...settingsOf(values) };
    const input = { params: { path: { thing: source.id ?? "" } }, body, version: source.version ?? "*" };
    if ((await change.run(input)) !== null) showToast(translate("saved"));
    return false;
  };
  return (
    <article class="card" data-source={source.name}>
      <h2>{source.name}</h2>
      <p>{translate(source.system === "gcj02" ? "source_gcj02" : "source_wgs84")}</p>
      <p class="note">{source.attribution}</p>
      {may("delete", `${LIST}/{thing}`) ? (
        <DeleteRecord
          list={LIST}
          record={source}
          title={translate("settings_delete_confirm", { name: source.name })}
          about={translate("source_delete_text")}
          label={`${translate("delete")}: ${source.name}`}
        />
      ) : null}
      {may("put", `${LIST}/{thing}`) ? (
        <details class="fold">
          <summary>{translate("source_change")}</summary>
          <Form name="map_source_change" submit={translate("save")} write={change} onSubmit={submit}>
            <SourceFields source={source} />
          </Form>
        </details>
      ) : null}
    </article>
  );
}

function AddSource({ known }: { known: readonly Known[] }): JSX.Element | null {
  const add = useWrite("post", LIST, { refresh: [LIST] });
  const [name, setName] = useState("");
  const service = known.find((each) => each.name === name);
  const submit = async (values: FormValues): Promise<boolean> => {
    const chosen = service === undefined ? settingsOf(values) : { ...partsOf(service), key: values.text("key"), name: values.text("name") };
    const added = await add.run({ body: chosen });
    if (added !== null) showToast(translate("saved"));
    return added !== null;
  };
  if (!may("post", LIST)) return null;
  return (
    <section class="card" data-panel="add-map-source">
      <Form name="map_source" submit={translate("source_add")} write={add} onSubmit={submit}>
        <h2>{translate("source_add")}</h2>
        <SelectField
          name="service"
          label={translate("source_service")}
          required
          value={name}
          options={[...known.map((each) => ({ value: each.name, text: titleOf(each) })), { value: OTHER, text: translate("source_other") }]}
          onSelect={setName}
        />
        {service === undefined ? null : <KnownFields key={name} service={service} />}
        {name === OTHER ? <SourceFields source={null} /> : null}
      </Form>
    </section>
  );
}

function titleOf(service: Known): string {
  return currentLanguage() === "en" ? service.title : service.title_zh;
}

function partsOf({ url, subdomains, attribution, system, min_zoom, max_zoom }: Known) {
  return { url, subdomains, attribution, system, min_zoom, max_zoom };
}

function KnownFields({ service }: { service: Known }): JSX.Element {
  return (
    <>
      <TextField name="name" label={translate("source_name")} required value={titleOf(service)} maxLength={80} />
      {service.needs_key ? (
        <TextField
          name="key"
          label={translate("source_key")}
          required
          maxLength={200}
          autocomplete="off"
          hint={translate("source_key_hint")}
        />
      ) : null}
      <p>{translate(service.system === "gcj02" ? "source_gcj02" : "source_wgs84")}</p>
      <p class="note">
        {service.attribution}{" "}
        <a href={service.terms} rel="noreferrer" target="_blank">
          {translate("source_terms")}
        </a>
      </p>
    </>
  );
}

function SourceFields({ source }: { source: Source | null }): JSX.Element {
  const systems: System[] = ["wgs84", "gcj02"];
  return (
    <>
      <TextField name="name" label={translate("source_name")} required value={source?.name ?? ""} maxLength={80} />
      <TextField
        name="url"
        label={translate("source_url")}
        required
        value={source?.url ?? ""}
        maxLength={500}
        hint={translate("source_url_hint")}
      />
      <TextField
        name="attribution"
        label={translate("source_attribution")}
        required
        value={source?.attribution ?? ""}
        maxLength={300}
        hint={translate("source_attribution_hint")}
      />
      <SelectField
        name="system"
        label={translate("source_system")}
        required
        {...(source?.system === undefined ? {} : { value: source.system })}
        options={systems.map((value) => ({ value, text: translate(`source_${value}`) }))}
      />
      <div class="choices-row">
        <NumberField
          name="min_zoom"
          label={translate("source_min_zoom")}
          required
          value={source?.min_zoom ?? 0}
          min={0}
          max={limits.most_zoom}
        />
        <NumberField
          name="max_zoom"
          label={translate("source_max_zoom")}
          required
          value={source?.max_zoom ?? limits.usual_zoom}
          min={0}
          max={limits.most_zoom}
        />
        <TextField
          name="subdomains"
          label={translate("source_subdomains")}
          value={source?.subdomains ?? ""}
          maxLength={16}
          pattern="[a-z0-9]*"
          hint={translate("source_subdomains_hint")}
        />
        <TextField
          name="key"
          label={translate("source_key")}
          value={source?.key ?? ""}
          maxLength={200}
          autocomplete="off"
          hint={translate("source_key_hint")}
        />
      </div>
    </>
  );
}

function settingsOf(values: FormValues) {
  return {
    name: values.text("name"),
    url: values.text("url"),
    attribution: values.text("attribution"),
    system: values.text("system") as System,
    min_zoom: values.number("min_zoom") ?? 0,
    max_zoom: values.number("max_zoom") ?? limits.usual_zoom,
    subdomains: values.text("subdomains"),
    key: values.text("key"),
  };
}
