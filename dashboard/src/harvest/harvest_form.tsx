// Form that records a harvest: where, what, how much; whether a pre-harvest interval runs is said before it is sent.

import { onlyOf } from "../components/choice";
import "../i18n/harvest";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import { nowMs } from "../api/clock";
import { useApi, useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { hrefOf, hrefOfThing } from "../app/address";
import { collator } from "../i18n/formatters";
import { instantOf, localInput } from "../i18n/instants";
import { translate, zoneText } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { CheckField, NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded, Working } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { CROPS, cropText, gramsOf } from "./records";

interface Place {
  value: string;
  text: string;
  crop: string;
}

export function HarvestForm(): JSX.Element {
  const fields = useApiList("/v1/fields", {});
  const zones = useApiList("/v1/greenhouse-zones", {});
  const houses = useApiList("/v1/greenhouses", {});
  const seasons = useApiList("/v1/seasons", {});
  // Which places there are, and whether it is only one, is known once all lists have come: whichever is first says nothing.
  const isWhole = [zones, houses, seasons].every(({ data, error }) => data !== undefined || error !== null);
  return (
    <Loaded state={fields}>
      {(ground) => {
        if (!isWhole) return <Working awaited />;
        const names = new Map((houses.data ?? []).map((house) => [(house as { id: string }).id, (house as { name: string }).name]));
        const closed = new Set((houses.data ?? []).filter(({ active }) => active === false).map(({ id }) => id));
        const places: Place[] = [
          ...(zones.data ?? [])
            .filter(({ greenhouse }) => !closed.has(greenhouse))
            .map((zone) => ({
              value: `zone:${zone.id}`,
              text: [names.get(zone.greenhouse), zoneText(zone.name)].filter(Boolean).join(" · "),
              crop: zone.crop ?? "",
            })),
          ...ground.map((field) => ({
            value: `field:${field.id}`,
            text: field.name,
            crop: (seasons.data ?? []).findLast((season) => season.field === field.id)?.crop ?? "",
          })),
        ].sort((a, b) => collator().compare(a.text, b.text));
        return places.length === 0 ? (
          <Empty text={translate("harvest_no_place")} link={{ href: hrefOf("field"), text: translate("page_field") }} />
        ) : (
          <Harvesting places={places} />
        );
      }}
    </Loaded>
  );
}

function Harvesting({ places }: { places: readonly Place[] }): JSX.Element {
  const [place, setPlace] = useState(onlyOf(places)?.value ?? "");
  const chosen = places.find(({ value }) => value === place);
  const [crop, setCrop] = useState("");
  const cropNow = crop || chosen?.crop || "";
  const add = useWrite("post", "/v1/harvests", { refresh: ["/v1/lots", "/v1/harvests"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const author = values.text("author");
    const made = await add.run({
      body: {
        ...placeOf(place),
        crop: cropNow,
        product: values.text("product"),
        time_ms: instantOf(values.text("time")) ?? Math.round(nowMs()),
        grams: gramsOf(values.number("kilograms")),
        author,
        evidence: values.checked("weighed") ? "measured" : "declared",
      },
    });
    if (made === null || made === true) return false;
    keepAuthor(author);
    showToast(translate("harvest_done", { code: made.lot.code }));
    location.hash = hrefOfThing({ kind: "lot", id: made.lot.id });
    return true;
  };
  return (
    <section class="card" data-panel="harvest">
      <Form name="harvest" submit={translate("harvest_submit")} write={add} onSubmit={submit}>
        <SelectField name="place" label={translate("harvest_place")} options={places} value={place} onSelect={setPlace} required />
        <SelectField
          name="crop"
          label={translate("harvest_crop")}
          value={cropNow}
          options={[...new Set([...CROPS, cropNow])].filter(Boolean).map((each) => ({ value: each, text: cropText(each) }))}
          onSelect={setCrop}
          required
        />
        {place === "" || cropNow === "" ? null : <Interval key={`${place}-${cropNow}`} place={place} crop={cropNow} />}
        <TextField key={cropNow} name="product" label={translate("harvest_product")} value={cropText(cropNow)} required maxLength={200} />
        <div class="choices-row">
          <NumberField
            name="kilograms"
            label={translate("harvest_mass")}
            unit={translate("harvest_kg")}
            min={0.001}
            max={10_000_000}
            step={0.001}
            required
          />
          <TextField name="time" label={translate("harvest_time")} type="datetime-local" value={localInput(nowMs())} required />
        </div>
        <TextField name="author" label={translate("harvest_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
        <CheckField name="weighed" label={translate("harvest_weighed")} />
      </Form>
    </section>
  );
}

function Interval({ place, crop }: { place: string; crop: string }): JSX.Element {
  const state = useApi("/v1/harvest-intervals", { query: { crop, ...placeOf(place) } });
  return (
    <Loaded state={state}>
      {({ may_harvest, ends_on, running, unknown }) => (
        <div class={may_harvest ? "note" : "error"} role="status" data-interval={may_harvest ? "over" : "runs"}>
          <p>{may_harvest ? translate("harvest_may") : translate("harvest_wait", { day: ends_on ?? "" })}</p>
          {running.map(({ treatment, product, treated_on }) => (
            <p key={treatment + product}>{translate("harvest_interval_of", { product, day: treated_on })}</p>
          ))}
          {unknown.map(({ treatment, product }) => (
            <p key={treatment + product}>{translate("harvest_interval_unknown", { product })}</p>
          ))}
        </div>
      )}
    </Loaded>
  );
}

/** Return the field or the zone of a choice. */
export function placeOf(value: string): { field?: string; zone?: string } {
  const [kind, id = ""] = value.split(":");
  return kind === "zone" ? { zone: id } : { field: id };
}
