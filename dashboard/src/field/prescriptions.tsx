// Prescriptions of a field: their zones on a map, what they take, and their files for machines.

import { chosenOf, newestOf } from "../components/choice";
import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";

import { FileButton } from "../components/file_button";
import { areaText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { DeleteInput } from "./inputs_list";
import type { Prescription } from "./records";
import { rateColours } from "./zone_colours";
import { ZoneKey } from "./zone_key";
import { ZonesMap } from "./zones_map";

export function Prescriptions({ field }: { field: FieldRecord }): JSX.Element {
  const list = useApiList("/v1/prescriptions", { query: { field: field.id } });
  const [open, setOpen] = useState<string | null>(null);
  // Another number closes what a prescription was made with.
  const [made, setMade] = useState(0);
  const section = useRef<HTMLElement>(null);
  const show = (id: string): void => {
    setOpen(id);
    setMade(made + 1);
    section.current?.scrollIntoView();
  };
  return (
    <section class="card" data-panel="prescriptions" ref={section}>
      <h2>{translate("work_prescription")}</h2>
      <Loaded state={list}>
        {(prescriptions) => {
          const chosen = chosenOf(prescriptions, open, newestOf(prescriptions));
          return chosen === undefined ? (
            <p class="note">{translate("work_no_prescriptions")}</p>
          ) : (
            <>
              {prescriptions.length > 1 ? (
                <Choice
                  label={translate("work_prescription")}
                  value={chosen.id}
                  options={prescriptions.map(({ id, name }) => ({ value: id, text: name }))}
                  onChoose={setOpen}
                />
              ) : (
                <h3>{chosen.name}</h3>
              )}
              <OnePrescription key={chosen.id} field={field} prescription={chosen} />
            </>
          );
        }}
      </Loaded>
      {may("post", "/v1/prescriptions") ? (
        <>
          <h3 class="tool">{translate("work_new_prescription")}</h3>
          <LazyFold
            class="fold tool"
            key={`one-${made}`}
            title={translate("work_uniform")}
            load={async () => (await import("./one_rate_prescription")).OneRatePrescription}
            props={{ field, onMade: show }}
          />
          <LazyFold
            class="fold tool"
            key={`draw-${made}`}
            title={translate("work_zones_draw")}
            load={async () => (await import("./drawn_prescription")).DrawnPrescription}
            props={{ field, onMade: show }}
          />
          <LazyFold
            class="fold tool"
            key={`values-${made}`}
            title={translate("work_zones_of_values")}
            load={async () => (await import("./points_prescription")).PointsPrescription}
            props={{ field, onMade: show }}
          />
        </>
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
  const { zones, unit, checks, method } = prescription;
  const colours = rateColours(zones.map(({ rate_ha }) => rate_ha));
  const leftHa = method["area_without_zone_ha"];
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
                  <ZoneKey colour={colours[index] ?? ""} /> {index + 1}
                </th>
                <td>{withUnit(zone.rate_ha, unit)}</td>
                <td>{areaText(zone.area_ha * 10_000)}</td>
                <td>{withUnit(zone.amount, unit.replace("/ha", ""), 1)}</td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{translate("work_total")}</th>
              <td />
              <td>{areaText(zones.reduce((sum, { area_ha }) => sum + area_ha, 0) * 10_000)}</td>
              <td>{withUnit(prescription.total, unit.replace("/ha", ""), 1)}</td>
            </tr>
          </tfoot>
        </table>
      </div>
      {typeof leftHa === "number" && leftHa > 0 ? (
        <p class="note" data-left>
          {translate("work_zones_left", { area: areaText(leftHa * 10_000) })}
        </p>
      ) : null}
      <ul class="plain-list" aria-label={translate("work_checks")}>
        {checks.map(({ id, holds }) => (
          <li key={id} data-check={id}>
            {translate("work_check_line", {
              name: term("prescription_checks", id),
              state: translate(holds === null ? "work_check_unknown" : holds ? "work_check_holds" : "work_check_fails"),
            })}
          </li>
        ))}
      </ul>
      <h3>{translate("work_files")}</h3>
      {prescription.implement === null ? <p class="note">{translate("work_needs_implement")}</p> : null}
      <div class="choices-row">
        {FILES.filter(([format]) => format !== "qgc-plan" || prescription.implement !== null).map(([format, ending, key]) => (
          <FileButton
            key={format}
            text={translate(key)}
            path={`/v1/prescriptions/${prescription.id}/export`}
            name={`prescription.${ending}`}
            options={{ query: { format } }}
          />
        ))}
      </div>
      {may("delete", "/v1/prescriptions/{thing}") ? (
        <div class="choices-row">
          <DeleteInput list="/v1/prescriptions" record={prescription} />
        </div>
      ) : null}
    </>
  );
}
