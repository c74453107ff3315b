// Planning of a field: seasons, a nitrogen recommendation by a published rule, prescriptions by zones, and their files for machines.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { dataOf, api, type Body } from "../api/client";
import { useApiList } from "../api/query";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { errorText, request } from "../api/request";
import { useWrite, type BodyOf } from "../api/write";
import { mayWrite } from "../app/mount";
import { fileButton } from "../components/file_button";
import { boundsOf, MapView } from "../components/map";
import { areaText, areaUnitsPerHa, numberText, toAreaUnit, withUnit } from "../i18n/numbers";
import { findTerm, methodText, translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { DropFile } from "../ui/drop_file";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { Seasons } from "./inputs";
import type { ZoneMap } from "./records";

type Recommendation = Body<"/v1/fields/{thing}/recommendation">;
type Prescription = Body<"/v1/prescriptions/{thing}">;

/** The inputs of each rule; those in kg/ha are entered per the chosen area unit. */
const RULES = {
  target_yield: ["target_yield_t_ha", "unfertilised_yield_t_ha", "uptake_kg_100kg", "recovery"],
  stanford: ["crop_n_kg_ha", "soil_n_kg_ha", "efficiency"],
  sufficiency: ["index", "reference_index", "optimum_kg_ha"],
  nfoa: ["ndvi", "reference_ndvi", "growing_days", "curve"],
  linear: ["index", "index_low", "index_high", "least_kg_ha", "most_kg_ha", "direction"],
  duev: ["mean_yield_t_ha", "nmin_kg_ha", "quality_class"],
} as const;
type RuleName = keyof typeof RULES;
const CURVE_YEARS = [2002, 2003, 2004, 2005, 2006, 2007] as const;
const MOST_BYTES = 8 * 1024 * 1024;
/** Colours of zones, from the lowest rate (ColorBrewer YlGn). */
const ZONE_COLOURS = ["#ffffcc", "#d9f0a3", "#addd8e", "#78c679", "#41ab5d", "#238443", "#006837", "#004529", "#00321d"];

export function Plan({ field }: { field: FieldRecord }): JSX.Element {
  return (
    <>
      <Recommend field={field} />
      <Prescriptions field={field} />
      <Seasons field={field.id} />
    </>
  );
}

function Recommend({ field }: { field: FieldRecord }): JSX.Element {
  const [rule, setRule] = useState<RuleName>("target_yield");
  const [answer, setAnswer] = useState<Recommendation | null>(null);
  const [problem, setProblem] = useState("");
  const products = useApiList("/v1/products", {});
  const seasons = useApiList("/v1/seasons", { query: { field: field.id } });
  const submit = async (values: FormValues): Promise<boolean> => {
    setProblem("");
    setAnswer(null);
    const given = RULES[rule].map((name): [string, string | number | undefined] => {
      if (name === "quality_class" || name === "direction" || name === "curve") return [name, values.text(name) || undefined];
      const value = values.number(name);
      if (value === null) return [name, undefined];
      if (name.endsWith("_kg_ha")) return [name, value * areaUnitsPerHa()];
      if (name.endsWith("_t_ha")) return [name, (value * areaUnitsPerHa()) / 1000];
      return [name, value];
    });
    const query = {
      ...Object.fromEntries(given.filter(([, value]) => value !== undefined)),
      method: rule,
      season: values.text("season") || undefined,
      product: values.text("product") || undefined,
    };
    try {
      setAnswer(
        await dataOf(api.GET("/v1/fields/{thing}/recommendation", { params: { path: { thing: field.id }, query: query as never } })),
      );
    } catch (error) {
      setProblem(errorText(error) ?? "");
    }
    return false;
  };
  return (
    <section class="card" data-panel="recommendation">
      <h2>{translate("work_recommendation")}</h2>
      <Form submit={translate("work_calculate")} onSubmit={submit}>
        <SelectField
          name="method"
          label={translate("work_method")}
          onSelect={(chosen) => setRule(chosen as RuleName)}
          options={(Object.keys(RULES) as RuleName[]).map((value) => ({ value, text: translate(`work_rule_${value}`) }))}
        />
        <div class="choices-row" key={rule}>
          {RULES[rule].map((name) => (
            <RuleInput key={name} name={name} />
          ))}
          <SelectField
            name="season"
            label={translate("work_season")}
            none={translate("work_none")}
            options={(seasons.data ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          />
          <SelectField
            name="product"
            label={translate("work_product")}
            none={translate("work_none")}
            options={(products.data ?? []).map(({ id, name }) => ({ value: id, text: name }))}
          />
        </div>
      </Form>
      {problem === "" ? null : (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      {answer === null ? null : (
        <div role="status" data-answer="recommendation">
          <p class="figure">
            {withUnit(answer.n_kg_ha, "kg/ha")} N · {translate("work_recommended")}: {numberText(answer.field_n_kg, 1)} kg
          </p>
          {answer.product === null ? null : (
            <p>
              {translate("work_as_product", {
                name: answer.product.name,
                rate: withUnit(answer.product.kg_ha, "kg/ha"),
                total: `${numberText(answer.product.field_kg, 1)} kg`,
              })}
            </p>
          )}
          <p class="note">{methodText(answer.method)}</p>
          <p class="note">
            {translate("work_in_used")}:{" "}
            {Object.entries(answer.inputs)
              .map(
                ([name, value]) =>
                  `${inputLabel(name)} ${typeof value === "number" ? numberText(value, 2) : (findTerm("levels", value) ?? value)}`,
              )
              .join(" · ")}
          </p>
        </div>
      )}
    </section>
  );
}

type InputName = (typeof RULES)[RuleName][number];

function inputLabel(name: string): string {
  const known = Object.values(RULES).flat() as string[];
  return known.includes(name) ? translate(`work_in_${name as InputName}`) : translate("other");
}

function RuleInput({ name }: { name: InputName }): JSX.Element {
  const label = translate(`work_in_${name}`);
  if (name === "quality_class")
    return <SelectField name={name} label={label} options={["A", "B", "C", "E"].map((value) => ({ value, text: value }))} />;
  if (name === "curve")
    return (
      <SelectField
        name={name}
        label={label}
        options={CURVE_YEARS.map((year) => ({ value: `oklahoma-${year}`, text: `Oklahoma ${year}` }))}
      />
    );
  if (name === "direction")
    return (
      <SelectField
        name={name}
        label={label}
        options={[
          { value: "compensate", text: translate("work_compensate") },
          { value: "proportional", text: translate("work_proportional") },
        ]}
      />
    );
  const isRate = name.endsWith("_t_ha") || name.endsWith("_kg_ha");
  return (
    <NumberField
      name={name}
      label={label}
      step="any"
      min={0}
      required={name !== "target_yield_t_ha"}
      unit={isRate ? toAreaUnit(1, "kg/ha").unit : undefined}
    />
  );
}

function Prescriptions({ field }: { field: FieldRecord }): JSX.Element {
  const list = useApiList("/v1/prescriptions", { query: { field: field.id } });
  const [open, setOpen] = useState<string | null>(null);
  return (
    <section class="card" data-panel="prescriptions">
      <h2>{translate("work_prescription")}</h2>
      <Loaded state={list}>
        {(prescriptions) => {
          const chosen = prescriptions.find(({ id }) => id === open) ?? prescriptions.at(-1);
          return chosen === undefined ? (
            <p class="note">{translate("work_no_prescriptions")}</p>
          ) : (
            <>
              {prescriptions.length > 1 ? (
                <div class="labelled">
                  <label for="plan-prescription">{translate("work_prescription")}</label>
                  <select id="plan-prescription" onChange={(event) => setOpen(event.currentTarget.value)}>
                    {prescriptions.map(({ id, name }) => (
                      <option key={id} value={id} selected={id === chosen.id}>
                        {name}
                      </option>
                    ))}
                  </select>
                </div>
              ) : (
                <h3>{chosen.name}</h3>
              )}
              <OnePrescription key={chosen.id} field={field} prescription={chosen} />
            </>
          );
        }}
      </Loaded>
      {mayWrite() ? (
        <details open={list.data?.length === 0}>
          <summary>{translate("work_new_prescription")}</summary>
          <MakePrescription field={field} onMade={setOpen} />
        </details>
      ) : null}
    </section>
  );
}

const FILES = [
  ["qgc-plan", "plan", "work_file_plan"],
  ["isoxml", "isoxml.zip", "work_file_isoxml"],
  ["shapefile", "shapefile.zip", "work_file_shapefile"],
  ["geotiff", "tif", "work_file_geotiff"],
  ["geojson", "geojson", "work_file_geojson"],
] as const;

function OnePrescription({ field, prescription }: { field: FieldRecord; prescription: Prescription }): JSX.Element {
  const { zones, unit } = prescription;
  return (
    <>
      <ZonesMap field={field} prescription={prescription} />
      <div class="scroll">
        <table>
          <caption class="hidden">{translate("work_prescription")}</caption>
          <thead>
            <tr>
              <th scope="col">{translate("work_zone")}</th>
              <th scope="col">{translate("work_rate")}</th>
              <th scope="col">{translate("area")}</th>
              <th scope="col">{translate("work_total")}</th>
            </tr>
          </thead>
          <tbody>
            {zones.map((zone, index) => (
              <tr key={index}>
                <th scope="row">
                  <ZoneKey index={index} count={zones.length} /> {index + 1}
                </th>
                <td>{withUnit(zone.rate_ha, unit)}</td>
                <td>{areaText(zone.area_ha * 10_000)}</td>
                <td>{withUnit(zone.amount, unit.replace("/ha", ""), 1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h3>{translate("work_files")}</h3>
      {prescription.implement === null ? <p class="note">{translate("work_needs_implement")}</p> : null}
      <div class="choices-row">
        {FILES.filter(([format]) => format !== "qgc-plan" || prescription.implement !== null).map(([format, ending, key]) => (
          <FileButton
            key={format}
            text={translate(key)}
            path={`/v1/prescriptions/${prescription.id}/export`}
            name={`prescription.${ending}`}
            format={format}
          />
        ))}
      </div>
    </>
  );
}

function ZoneKey({ index, count }: { index: number; count: number }): JSX.Element {
  return (
    <svg class="key" viewBox="0 0 1 1" width="14" height="14" aria-hidden="true">
      <rect width="1" height="1" fill={zoneColour(index, count)} />
    </svg>
  );
}

function zoneColour(index: number, count: number): string {
  return ZONE_COLOURS[Math.round(((index + 0.5) / count) * (ZONE_COLOURS.length - 1))] ?? "#78c679";
}

function FileButton({ text, path, name, format }: { text: string; path: string; name: string; format: string }): JSX.Element {
  const node = useMemo(() => fileButton(text, path, name, { query: { format } }), [text, path, name, format]);
  return <DomNode node={node} />;
}

function ZonesMap({ field, prescription }: { field: FieldRecord; prescription: Prescription }): JSX.Element {
  const map = useMemo(() => new MapView(translate("field_map", { name: field.name })), [field.name]);
  useEffect(() => () => map.close(), [map]);
  useEffect(() => {
    const controller = new AbortController();
    const query = { format: "geojson" };
    const zones = request<ZoneMap>(`/v1/prescriptions/${prescription.id}/export`, {
      query,
      signal: controller.signal,
      headers: { Accept: "*/*" },
    });
    void Promise.all([map.ready, zones]).then(
      ([, drawn]) => {
        const count = prescription.zones.length;
        const colours = prescription.zones.flatMap((_, index) => [index, zoneColour(index, count)]);
        const outline = fieldFeatures([field]);
        map.remove("zones");
        map.setSource("zones", drawn, [
          {
            id: "zones-fill",
            type: "fill",
            paint: {
              "fill-color": (count > 1 ? ["match", ["get", "zone"], ...colours, "#888888"] : zoneColour(0, 1)) as never,
              "fill-opacity": 0.85,
            },
          },
        ]);
        map.setSource("outline", outline, [
          { id: "outline-line", type: "line", paint: { "line-color": map.colour("--field-edge"), "line-width": 2 } },
        ]);
        map.fit(boundsOf(outline), 30);
      },
      () => undefined,
    );
    return () => controller.abort();
  }, [map, prescription.id]);
  return <DomNode node={map.element} class="outline-map" />;
}

interface Points {
  longitude_deg: number[];
  latitude_deg: number[];
  value: number[];
}

function MakePrescription({ field, onMade }: { field: FieldRecord; onMade: (id: string) => void }): JSX.Element {
  const [points, setPoints] = useState<Points | null>(null);
  const [problem, setProblem] = useState("");
  const products = useApiList("/v1/products", {});
  const implement = useApiList("/v1/implements", {});
  const seasons = useApiList("/v1/seasons", { query: { field: field.id } });
  const make = useWrite("post", "/v1/prescriptions", { refresh: ["/v1/prescriptions"], timeoutMs: 120_000 });
  const read = async (file: File): Promise<void> => {
    const found = readPoints(await file.text());
    setPoints(found);
    setProblem(found === null ? translate("work_points_bad") : "");
  };
  const submit = async (values: FormValues): Promise<boolean> => {
    const [least, most] = [values.number("least") ?? 0, values.number("most")].map((rate) =>
      rate === null ? null : rate * areaUnitsPerHa(),
    );
    const body = {
      field: field.id,
      name: values.text("name"),
      layers: [{ kind: "points", name: "value", ...(points ?? cornersOf(field)) }],
      // Without points all ground has one value, so that every zone has one rate.
      zones: { by: values.text("by") || "quantile", count: Number(values.text("count") || 2) },
      product: values.text("product") || null,
      implement: values.text("implement") || null,
      season: values.text("season") || null,
      least_ha: least,
      most_ha: points === null ? least : (most ?? least),
      direction: values.text("direction") || "compensate",
      cell_m: Math.max(1, Math.round(Math.sqrt(field.area_m2 / 4000))),
      basis: values.checked("nitrogen") ? "nitrogen" : "product",
    };
    const made = await make.run({ body: body as unknown as BodyOf<"/v1/prescriptions", "post"> });
    if (made === null) return false;
    showToast(translate("work_made"));
    if (made !== true) onMade((made as Prescription).id);
    return true;
  };
  const named = (list: readonly { id: string; name: string }[] | undefined) =>
    (list ?? []).map(({ id, name }) => ({ value: id, text: name }));
  const perArea = toAreaUnit(1, "kg/ha").unit;
  return (
    <Form submit={translate("work_make")} write={make} onSubmit={submit}>
      <p class="note">{translate("work_prescription_about")}</p>
      <TextField name="name" label={translate("work_name")} required maxLength={200} />
      <DropFile
        types={[".csv", ".txt", ".geojson", ".json"]}
        maxBytes={MOST_BYTES}
        onFiles={([file]) => file && void read(file)}
        text={translate("work_points_file")}
      />
      {points === null ? (
        <p class="note">{translate("work_uniform_hint")}</p>
      ) : (
        <p role="status">{translate("work_points_count", { count: points.value.length })}</p>
      )}
      {problem === "" ? null : (
        <p class="error" role="alert">
          {problem}
        </p>
      )}
      <div class="choices-row">
        {points === null ? null : (
          <>
            <SelectField
              name="count"
              label={translate("work_zone_count")}
              value="3"
              options={["2", "3", "4", "5"].map((value) => ({ value, text: value }))}
            />
            <SelectField
              name="by"
              label={translate("work_zone_by")}
              options={[
                { value: "quantile", text: translate("work_quantile") },
                { value: "kmeans", text: translate("work_kmeans") },
              ]}
            />
            <SelectField
              name="direction"
              label={translate("work_direction")}
              options={[
                { value: "compensate", text: translate("work_compensate") },
                { value: "proportional", text: translate("work_proportional") },
              ]}
            />
          </>
        )}
        <NumberField
          name="least"
          label={translate(points === null ? "work_rate" : "work_least")}
          unit={perArea}
          step="any"
          min={0}
          required
        />
        {points === null ? null : <NumberField name="most" label={translate("work_most")} unit={perArea} step="any" min={0} required />}
        <SelectField name="product" label={translate("work_product")} none={translate("work_none")} options={named(products.data)} />
        <SelectField name="implement" label={translate("work_implement")} none={translate("work_none")} options={named(implement.data)} />
        <SelectField name="season" label={translate("work_season")} none={translate("work_none")} options={named(seasons.data)} />
      </div>
    </Form>
  );
}

function cornersOf(field: FieldRecord): Points {
  const rings = field.geometry.type === "Polygon" ? field.geometry.coordinates : field.geometry.coordinates.flat();
  const spots = rings[0] ?? [];
  return { longitude_deg: spots.map(([x = 0]) => x), latitude_deg: spots.map(([, y = 0]) => y), value: spots.map(() => 1) };
}

/** Return the points of a CSV with a head, or of GeoJSON points with a number; null for neither. */
export function readPoints(text: string): Points | null {
  const points: Points = { longitude_deg: [], latitude_deg: [], value: [] };
  const add = (longitude: number, latitude: number, value: number): void => {
    if (![longitude, latitude, value].every(Number.isFinite)) return;
    points.longitude_deg.push(longitude);
    points.latitude_deg.push(latitude);
    points.value.push(value);
  };
  if (text.trimStart().startsWith("{")) {
    try {
      const { features = [] } = JSON.parse(text) as { features?: GeoJSON.Feature[] };
      for (const { geometry, properties } of features) {
        const value = Object.values(properties ?? {}).find((each) => typeof each === "number");
        if (geometry.type === "Point" && value !== undefined)
          add(Number(geometry.coordinates[0]), Number(geometry.coordinates[1]), value as number);
      }
    } catch {
      return null;
    }
  } else {
    const [head = "", ...lines] = text.trim().split(/\r?\n/);
    const separator = head.includes(";") ? ";" : head.includes("\t") ? "\t" : ",";
    const names = head.split(separator).map((name) => name.trim().toLowerCase());
    const at = (...words: string[]): number => names.findIndex((name) => words.some((word) => name.startsWith(word)));
    const [longitude, latitude] = [at("lon", "lng", "x", "经度"), at("lat", "y", "纬度")];
    const value = names.findIndex((_, index) => index !== longitude && index !== latitude);
    if (longitude < 0 || latitude < 0 || value < 0) return null;
    for (const line of lines) {
      const cells = line.split(separator);
      add(Number(cells[longitude]), Number(cells[latitude]), Number(cells[value]));
    }
  }
  return points.value.length > 0 ? points : null;
}
