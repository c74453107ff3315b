// New prescription from values of places: a table of points, or one rate everywhere.

import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useWrite, type BodyOf } from "../api/write";
import { areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { showToast } from "../ui/overlays";
import type { Prescription } from "./records";

const MOST_BYTES = 8 * 1024 * 1024;

interface Points {
  longitude_deg: number[];
  latitude_deg: number[];
  value: number[];
}

export function PointsPrescription({ field, onMade }: { field: FieldRecord; onMade: (id: string) => void }): JSX.Element {
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
