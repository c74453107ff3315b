// Soil probes of a field: those that were used with what was fitted for them, and those that lie or are doubted, with the cause.

import "../i18n/field_water";
import type { JSX } from "preact";
import { numberText, withUnit } from "../i18n/numbers";
import { translate, type TextKey } from "../i18n/translate";
import { Table } from "../ui/table";
import { rangeOf } from "./water_advice";
import type { Water } from "./records";

export function WaterProbes({ water, nameOf }: { water: Water; nameOf: (device: string) => string }): JSX.Element {
  const percent = (value: number): string => withUnit(value, "%", 0);
  return (
    <>
      <h3>{translate("water_probes")}</h3>
      <Table
        name={translate("water_probes")}
        rows={water.probes}
        keyOf={({ device, depth_m }) => `${device}-${depth_m}`}
        empty={<p class="note">{translate("water_probes_none")}</p>}
        columns={[
          { key: "probe", head: translate("water_probe"), cell: ({ device }) => nameOf(device) },
          { key: "depth", head: translate("water_depth"), number: true, cell: ({ depth_m }) => depthText(depth_m) },
          { key: "days", head: translate("water_used_days"), number: true, cell: ({ days }) => numberText(days, 0) },
          {
            key: "capacity",
            head: translate("water_fitted_capacity"),
            number: true,
            cell: ({ field_capacity }) => rangeOf(field_capacity, percent),
          },
          {
            key: "wilting",
            head: translate("water_fitted_wilting"),
            number: true,
            cell: ({ wilting_point }) => rangeOf(wilting_point, percent),
          },
        ]}
      />
      {water.left_out.length === 0 ? null : (
        <>
          <h3>{translate("water_left_out")}</h3>
          <ul data-left-out>
            {water.left_out.map(({ device, depth_m, test, first, last, left_out }) => (
              <li key={`${device}-${depth_m}-${test}-${first}`}>
                {translate(left_out ? "water_lies" : "water_doubted", {
                  probe: nameOf(device),
                  depth: depthText(depth_m),
                  why: translate(`water_test_${test}` as TextKey),
                  first,
                  last,
                })}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

function depthText(depthM: number): string {
  return withUnit(depthM, "m", 2);
}
