// Water in the soil of a field: when to irrigate and how much, how the root zone came there, and which probes were believed.

import "../i18n/field";
import "../i18n/field_water";
import "../answers/answers.css";
import type { JSX } from "preact";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { hrefOf, hrefOfThing } from "../app/address";
import { useChoice, useView } from "../app/mount";
import { areaText } from "../i18n/numbers";
import { methodText, translate, type TextKey } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { Empty } from "../ui/empty";
import { Loaded } from "../ui/loaded";
import { KEY, readDeclared, writeDeclared, type Declared } from "./declared_soil";
import { AddZone, EditZone, SaveDeclared } from "./irrigation_zones";
import { Irrigations } from "./irrigations";
import type { Water } from "./records";
import { SoilForm, TEXTURES } from "./soil_form";
import { Advice } from "./water_advice";
import { WaterCourse } from "./water_course";
import { WaterProbes } from "./water_probes";

const EVERY_MS = 600_000;
const TIMEOUT_MS = 120_000;

export function WaterPanel({ field }: { field: FieldRecord }): JSX.Element {
  const view = useView();
  const [chosen, choose] = useChoice(KEY);
  const [zoneId, chooseZone] = useChoice("zone");
  const declared = readDeclared(chosen, TEXTURES);
  const zones = useApiList("/v1/irrigation-zones", { query: { field: field.id } }, { enabled: may("get", "/v1/irrigation-zones") });
  const records = useApiList("/v1/irrigations", { query: { field: field.id } }, { enabled: may("get", "/v1/irrigations") });
  const whole = zones.data?.find(({ area_m2: area }) => area === null) ?? null;
  const parts = (zones.data ?? []).filter(({ area_m2: area }) => area !== null);
  const zone = zoneId === "" ? whole : (zones.data?.find(({ id }) => id === zoneId) ?? null);
  const water = useApi(
    "/v1/fields/{thing}/water",
    { path: { thing: field.id }, query: { ...declared, ...(zoneId === "" ? {} : { zone: zoneId }) } },
    { everyMs: EVERY_MS, timeoutMs: TIMEOUT_MS },
  );
  const declare = (next: Declared): void => choose(writeDeclared(next));
  return (
    <div class="page">
      {parts.length === 0 && zoneId === "" ? null : (
        <div class="choices-row">
          <Choice
            label={translate("water_zone_choice")}
            value={zoneId === "" ? "" : zone?.id}
            options={[
              { value: "", text: whole?.name ?? translate("water_zone_whole") },
              ...parts.map(({ id, name, area_m2: area }) => ({ value: id, text: `${name} · ${areaText(area ?? 0)}` })),
            ]}
            onChoose={chooseZone}
          />
        </div>
      )}
      <section class="card" data-panel="water">
        <h2>{translate("water_title")}</h2>
        <p class="note">
          {translate("water_about")} {water.data?.simulated ? <span class="badge">{translate("simulated")}</span> : null}
        </p>
        <Loaded state={water}>
          {(answer) =>
            answer.reason !== null || answer.advice === null || answer.depletion_mm === null ? (
              <NoWater reason={answer.reason} field={field} />
            ) : (
              <>
                <Advice water={answer} field={field} zone={zone} />
                <WaterCourse water={answer} />
                <WaterProbes water={answer} nameOf={(device) => view.farm.nameOf(device)} />
                <Assumed water={answer} />
              </>
            )
          }
        </Loaded>
      </section>
      <Irrigations field={field.id} zone={zone} records={records} given={water.data?.irrigations ?? []} isCounting={water.busy} />
      {chosen === "" ? null : <SaveDeclared field={field} zone={zone} declared={declared} onSaved={declare} />}
      {zone === null ? (
        <SoilForm key={chosen} declared={declared} isOpen={chosen === ""} onDeclare={declare} />
      ) : (
        <EditZone key={`${zone.id}-${zone.version}`} field={field} zone={zone} onDeleted={() => chooseZone("")} />
      )}
      <AddZone key={whole?.id ?? ""} field={field} whole={whole} onAdded={(made) => chooseZone(made.area_m2 === null ? "" : made.id)} />
    </div>
  );
}

const REASONS = new Set([
  "no_season",
  "crop_not_known",
  "sowing_not_known",
  "not_sown",
  "season_over",
  "soil_not_known",
  "no_site",
  "insufficient_data",
]);

/** Why there is no answer, with the way to what is missing. */
function NoWater({ reason, field }: { reason: string | null; field: FieldRecord }): JSX.Element {
  const known = reason !== null && REASONS.has(reason) ? reason : "insufficient_data";
  const season = { href: hrefOfThing({ kind: "field", id: field.id, tab: "plan" }), text: translate("field_season") };
  const site = { href: hrefOf("settings", { tab: "sites" }), text: translate("page_settings") };
  const links: Record<string, { href: string; text: string }> = {
    no_season: season,
    sowing_not_known: season,
    season_over: season,
    no_site: site,
    ...(field.site
      ? { insufficient_data: { ...site, href: hrefOfThing({ kind: "weather", site: field.site }), text: translate("page_weather") } }
      : {}),
  };
  const link = links[known];
  return (
    <div data-water="nothing" data-reason={known}>
      <Empty text={translate(`water_reason_${known}` as TextKey)} {...(link ? { link } : {})} />
    </div>
  );
}

function Assumed({ water }: { water: Water }): JSX.Element {
  const what = water.assumed.map((each) => translate(`water_assumed_${each}` as TextKey)).join(translate("water_separator"));
  return (
    <>
      {what === "" ? null : (
        <p class="note" data-assumed>
          {translate("water_assumed", { what })}
        </p>
      )}
      <details class="how">
        <summary>{translate("method")}</summary>
        <p>{methodText(water.method)}</p>
      </details>
    </>
  );
}
