// New prescription from values of places: a table of points.

import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { FieldRecord } from "../api/registry";
import { useWrite, type BodyOf } from "../api/write";
import { areaUnitsPerHa, toAreaUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { noteSaved } from "../ui/overlays";
import { type Given, givenOf, PrescriptionFields, useProductUnit } from "./prescription_fields";
import type { Prescription } from "./records";

const MOST_BYTES = 8 * 1024 * 1024;

interface Points {
  longitude_deg: number[];
  latitude_deg: number[];
  value: number[];
}

interface PointsPrescriptionProps {
  field: FieldRecord;
  onMade: (id: string) => void;
  start?: Given;
}

export function PointsPrescription({ field, onMade, start }: PointsPrescriptionProps): JSX.Element {
  const [points, setPoints] = useState<Points | null>(null);
  const [problem, setProblem] = useState("");
  const [unit, chooseProduct] = useProductUnit(start?.product ?? "");
  const make = useWrite("post", "/v1/prescriptions", { refresh: ["/v1/prescriptions"], timeoutMs: 120_000 });
  const read = async (file: File): Promise<void> => {
    const found = readPoints(await file.text());
    setPoints(found);
    setProblem(found === null ? translate("work_points_bad") : "");
  };
  const submit = async (values: FormValues): Promise<boolean | null> => {
    if (points === null) {
      setProblem(translate("work_points_needed"));
      return null;
    }
    const body = {
      ...givenOf(values),
      field: field.id,
      layers: [{ kind: "points", name: "value", ...points }],
      zones: { by: values.text("by"), count: Number(values.text("count")) },
      least_ha: (values.number("least") ?? 0) * areaUnitsPerHa(),
      most_ha: (values.number("most") ?? 0) * areaUnitsPerHa(),
      direction: values.text("direction"),
      cell_m: Math.max(1, Math.round(Math.sqrt(field.area_m2 / 4000))),
    };
    const made = await make.run({ body: body as unknown as BodyOf<"/v1/prescriptions", "post"> });
    if (!noteSaved(made, translate("work_made"))) return false;
    if (made !== true) onMade((made as Prescription).id);
    return true;
  };
  const perArea = toAreaUnit(1, unit).unit;
  return (
    <Form name="points_prescription" submit={translate("work_make")} write={make} onSubmit={submit}>
      <p class="note">{translate("work_prescription_about")}</p>
      <DropFile
        types={[".csv", ".txt", ".geojson", ".json"]}
        maxBytes={MOST_BYTES}
        onFiles={([file]) => file && void read(file)}
        text={translate("work_points_file")}
      />
      {points === null ? null : <p role="status">{translate("work_points_count", { count: points.value.length })}</p>}
      <ErrorText error={problem} />
      <div class="choices-row">
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
        <NumberField name="least" label={translate("work_least")} unit={perArea} step="any" min={0} required />
        <NumberField name="most" label={translate("work_most")} unit={perArea} step="any" min={0} required />
      </div>
      <PrescriptionFields field={field} onProduct={chooseProduct} start={start} />
    </Form>
  );
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
