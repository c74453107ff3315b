// Providers of weather forecasts: which one the station asks, what leaves the farm with it, and what became of it at each site.

import "../i18n/forecast_providers";
import "../i18n/settings";
import type { JSX } from "preact";
import type { Body, ListItem } from "../api/client";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite } from "../api/write";
import { durationText } from "../i18n/instants";
import { withUnit } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { listText, translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { ForecastStates } from "./forecast_states";
import { roundingM, sentPlaces } from "./sent_places";

type Provider = ListItem<"/v1/forecast-providers">;
type Kind = Body<"/v1/forecast-providers/catalog">["items"][number];

const LIST = "/v1/forecast-providers";
/** Where the keys of providers are set: on the station. */
const KEYS = "HEADLAND_FORECAST_KEYS";

export function ForecastProviders(): JSX.Element {
  const providers = useApiList(LIST, {});
  const catalog = useApi(`${LIST}/catalog`, {});
  const sites = useApiList("/v1/sites", {});
  const farms = useApiList("/v1/farms", {});
  return (
    <section class="stack" data-panel="forecast-providers">
      <p class="note">{translate("provider_about")}</p>
      <Loaded state={catalog}>
        {({ items: kinds }) => (
          <Loaded state={providers}>
            {(list) => (
              <>
                {list.length === 0 ? <p data-providers="none">{translate("provider_none")}</p> : null}
                <SeveralOn list={list} kinds={kinds} />
                <div class="cards">
                  {list.map((provider) => {
                    const kind = kinds.find(({ name }) => name === provider.provider);
                    const places = kind === undefined ? [] : sentPlaces(sites.data ?? [], farms.data ?? [], kind.decimals);
                    return <ProviderCard key={provider.id} provider={provider} kind={kind} places={places} />;
                  })}
                </div>
                <AddProvider kinds={kinds.filter(({ name }) => list.every(({ provider }) => provider !== name))} />
              </>
            )}
          </Loaded>
        )}
      </Loaded>
      <Loaded state={sites}>{(items) => <ForecastStates sites={inUse(items)} kinds={catalog.data?.items ?? []} />}</Loaded>
    </section>
  );
}

function titleOf(kind: Kind | undefined, name: string): string {
  return kind === undefined ? name : currentLanguage() === "en" ? kind.title : kind.title_zh;
}

/** The first that is turned on is the one whose forecast is used: the station asks the others, too. */
function SeveralOn({ list, kinds }: { list: readonly Provider[]; kinds: readonly Kind[] }): JSX.Element | null {
  const [first, ...others] = list.filter(({ enabled }) => enabled);
  if (first === undefined || others.length === 0) return null;
  const name = titleOf(
    kinds.find((kind) => kind.name === first.provider),
    first.provider,
  );
  return <p class="note">{translate("provider_first", { name })}</p>;
}

interface CardProps {
  provider: Provider;
  kind: Kind | undefined;
  places: readonly string[];
}

function ProviderCard({ provider, kind, places }: CardProps): JSX.Element {
  const change = useWrite("put", `${LIST}/{thing}`, { refresh: [LIST, "/v1/sites/{site}/weather-forecast"] });
  const name = titleOf(kind, provider.provider);
  const put = async (values: Partial<Provider>): Promise<void> => {
    const input = { params: { path: { thing: provider.id } }, body: { ...provider, ...values }, version: provider.version };
    if ((await change.run(input)) !== null) showToast(translate("saved"));
  };
  const submit = async (values: FormValues): Promise<boolean> => {
    await put(settingsOf(values));
    return false;
  };
  return (
    <article class="card" data-provider={provider.provider}>
      <h2>
        {name} <span class={provider.enabled ? "badge calm" : "badge"}>{translate(provider.enabled ? "provider_on" : "provider_off")}</span>
      </h2>
      {kind === undefined ? (
        <p class="error">{translate("provider_missing")}</p>
      ) : (
        <KindFacts kind={kind} host={provider.url || kind.host} />
      )}
      <div class="buttons">
        <AskedButton
          text={translate(provider.enabled ? "provider_turn_off" : "provider_turn_on")}
          label={`${translate(provider.enabled ? "provider_turn_off" : "provider_turn_on")}: ${name}`}
          question={provider.enabled ? offQuestion(name) : onQuestion(name, provider, kind, places)}
          write={change}
          run={() => put({ enabled: !provider.enabled })}
        />
        <DeleteProvider provider={provider} name={name} />
      </div>
      {may("put", `${LIST}/{thing}`) ? (
        <details class="fold">
          <summary>{translate("provider_change")}</summary>
          <Form name="forecast_provider_change" submit={translate("save")} write={change} onSubmit={submit}>
            <ProviderFields provider={provider} host={kind?.host ?? null} />
          </Form>
        </details>
      ) : null}
    </article>
  );
}

/** What leaves the station, what the provider asks for, and its licence. */
function KindFacts({ kind, host }: { kind: Kind; host: string }): JSX.Element {
  const size = withUnit(roundingM(kind.decimals) / 1000, "km", 1);
  return (
    <>
      {host === "" ? (
        <p>{translate("provider_files")}</p>
      ) : (
        <>
          <p>{translate("provider_leaves", { host, decimals: kind.decimals, size })}</p>
          <p>{kind.needs_key ? translate("provider_key_needed", { setting: `${KEYS}=${kind.name}=…` }) : translate("provider_key_free")}</p>
        </>
      )}
      <p class="note">
        {currentLanguage() === "en" ? kind.attribution.text : kind.attribution.text_zh}{" "}
        <a href={kind.attribution.url} rel="noreferrer" target="_blank">
          {translate("provider_licence", { licence: kind.attribution.licence })}
        </a>
      </p>
    </>
  );
}

function onQuestion(
  name: string,
  provider: Provider,
  kind: Kind | undefined,
  places: readonly string[],
): { title: string; text: string; action: string } {
  const host = provider.url || (kind?.host ?? "");
  const asks = translate("provider_turn_on_text", {
    host,
    decimals: kind?.decimals ?? "?",
    places: listText(places.map((place) => `(${place})`)) || translate("provider_no_place"),
    every: durationText(kind?.every_s ?? 0),
    contact: provider.contact ? translate("provider_turn_on_contact", { contact: provider.contact }) : "",
  });
  const text = host === "" ? translate("provider_files") : asks;
  return { title: translate("provider_turn_on_sure", { name }), text, action: translate("provider_turn_on") };
}

function offQuestion(name: string): { title: string; text: string; action: string } {
  return {
    title: translate("provider_turn_off_sure", { name }),
    text: translate("provider_turn_off_text"),
    action: translate("provider_turn_off"),
  };
}

function DeleteProvider({ provider, name }: { provider: Provider; name: string }): JSX.Element {
  const remove = useWrite("delete", `${LIST}/{thing}`, { refresh: [LIST, "/v1/sites/{site}/weather-forecast"] });
  const title = translate("settings_delete_confirm", { name });
  return (
    <AskedButton
      text={translate("delete")}
      label={`${translate("delete")}: ${name}`}
      question={{ title, text: translate("provider_delete_text"), action: translate("delete") }}
      write={remove}
      run={() => remove.run({ params: { path: { thing: provider.id } }, version: provider.version })}
    />
  );
}

/** A provider that is added is off: it is turned on once a person has read what leaves the farm. */
function AddProvider({ kinds }: { kinds: readonly Kind[] }): JSX.Element | null {
  const add = useWrite("post", LIST, { refresh: [LIST] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const added = await add.run({ body: { provider: values.text("provider"), enabled: false, ...settingsOf(values) } });
    if (added !== null) showToast(translate("saved"));
    return added !== null;
  };
  if (kinds.length === 0 || !may("post", LIST)) return null;
  return (
    <section class="card" data-panel="add-provider">
      <Form name="forecast_provider" submit={translate("provider_add")} write={add} onSubmit={submit}>
        <h2>{translate("provider_add")}</h2>
        <SelectField
          name="provider"
          label={translate("provider_name")}
          required
          options={kinds.map((kind) => ({ value: kind.name, text: titleOf(kind, kind.name) }))}
        />
        <ProviderFields provider={null} host={null} />
      </Form>
    </section>
  );
}

function ProviderFields({ provider, host }: { provider: Provider | null; host: string | null }): JSX.Element {
  return (
    <div class="choices-row">
      <TextField
        name="model"
        label={translate("provider_model")}
        value={provider?.model ?? ""}
        maxLength={60}
        pattern="[A-Za-z0-9_.\-]*"
        hint={translate("provider_model_hint")}
      />
      <TextField
        name="contact"
        label={translate("provider_contact")}
        value={provider?.contact ?? ""}
        maxLength={200}
        hint={translate("provider_contact_hint")}
      />
      <TextField
        name="url"
        type="url"
        label={translate("provider_url")}
        value={provider?.url ?? ""}
        maxLength={300}
        hint={host === null ? translate("provider_url_own") : translate("provider_url_hint", { host })}
      />
    </div>
  );
}

function settingsOf(values: FormValues): { model: string; url: string; contact: string } {
  return { model: values.text("model"), url: values.text("url"), contact: values.text("contact") };
}
