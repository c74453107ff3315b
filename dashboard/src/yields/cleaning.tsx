// Samples that were removed, by the first filter that applied, and what was fitted for each combine.

import "../i18n/yields";
import type { JSX } from "preact";
import palette from "../../../headland/contract/palette.json";
import { useFarm } from "../app/mount";
import { ZoneKey } from "../field/zone_key";
import { numberText, reasonText, shareText, unitText, withUnit } from "../i18n/numbers";
import { Facts } from "../ui/facts";
import { translate } from "../i18n/translate";
import { yieldDigits, yieldNumber, yieldText, yieldUnit, type FieldYield, type MachineYield } from "./records";

/** In the order in which the filters are applied. */
const REASONS = {
  outside: "yield_reason_outside",
  header_up: "yield_reason_header_up",
  start_of_strip: "yield_reason_start_of_strip",
  end_of_strip: "yield_reason_end_of_strip",
  no_flow: "yield_reason_no_flow",
  speed: "yield_reason_speed",
  speed_change: "yield_reason_speed_change",
  overlap: "yield_reason_overlap",
  yield_limits: "yield_reason_yield_limits",
  neighbours: "yield_reason_neighbours",
} as const;
type Reason = keyof typeof REASONS;

function reasonColour(reason: string): string {
  return palette.removed[reason as Reason] ?? palette.no_value;
}

/** Return colour and meaning of the place of a sample that was removed. */
export function reasonMark(reason: string): { colour: string; text: string } {
  return { colour: reasonColour(reason), text: translate(REASONS[reason as Reason]) };
}

export function Cleaning({ found }: { found: FieldYield }): JSX.Element {
  const all = found.machines.reduce((sum, machine) => sum + machine.samples, 0);
  const kept = found.machines.reduce((sum, machine) => sum + machine.kept, 0);
  return (
    <>
      <details class="fold" open>
        <summary>{translate("yield_samples", { kept: numberText(kept, 0), all: numberText(all, 0) })}</summary>
        <table data-table="removed">
          <thead>
            <tr>
              <th scope="col">{translate("yield_reason")}</th>
              <th scope="col">{translate("yield_setting")}</th>
              <th scope="col" class="number">
                {translate("yield_count")}
              </th>
              <th scope="col" class="number">
                {translate("yield_share")}
              </th>
            </tr>
          </thead>
          <tbody>
            {(Object.keys(REASONS) as Reason[]).map((reason) => {
              const count = found.removed[reason] ?? 0;
              return (
                <tr key={reason} data-reason={reason}>
                  <th scope="row">
                    <ZoneKey colour={reasonColour(reason)} /> {translate(REASONS[reason])}
                  </th>
                  <td>{settingText(reason, found)}</td>
                  <td class="number">{numberText(count, 0)}</td>
                  <td class="number">{shareText(all > 0 ? count / all : 0, 1)}</td>
                </tr>
              );
            })}
            <tr>
              <th scope="row">{translate("yield_kept")}</th>
              <td />
              <td class="number">{numberText(kept, 0)}</td>
              <td class="number">{shareText(all > 0 ? kept / all : 0, 1)}</td>
            </tr>
          </tbody>
        </table>
      </details>
      <details class="fold">
        <summary>{translate("yield_machines")}</summary>
        {found.machines.map((machine) => (
          <Machine key={machine.device} machine={machine} />
        ))}
        {found.variogram === null ? null : (
          <p class="note">
            {translate("yield_variogram", {
              nugget: numberText(found.variogram.nugget, 3),
              sill: numberText(found.variogram.sill, 3),
              range: withUnit(found.variogram.range_m, "m", 0),
            })}
          </p>
        )}
      </details>
    </>
  );
}

function Machine({ machine }: { machine: MachineYield }): JSX.Element {
  const farm = useFarm();
  const { lag } = machine;
  const seconds = (value: number): string => `${numberText(value, 1)} ${unitText("s")}`;
  const lagText =
    lag.basis === "fitted"
      ? translate("yield_lag_fitted", { lag: seconds(lag.applied_s), error: seconds(lag.error_s ?? 0), strips: lag.strips })
      : lag.basis === "given"
        ? translate("yield_lag_given", { lag: seconds(lag.applied_s) })
        : translate("yield_lag_none", { reason: reasonText(lag.reason) });
  const rows: [string, string][] = [
    [translate("yield_machine"), farm.nameOf(machine.device)],
    [translate("yield_passes"), numberText(machine.passes.length, 0)],
    [translate("yield_lag"), lagText],
    [translate("yield_header"), translate(machine.width_basis === "declared" ? "yield_header_declared" : "yield_header_measured")],
    [translate("yield_limits"), limitsText(machine)],
  ];
  return <Facts class="yield-figures" data-machine={machine.device} rows={rows} />;
}

function limitsText({ limits_t_ha: [low, high] }: MachineYield): string {
  const text = (limit: number | null | undefined): string => (typeof limit === "number" ? yieldText(limit) : "—");
  return translate("range", { low: text(low), high: text(high) });
}

/** Return what a filter was set to, or found out. */
function settingText(reason: Reason, { filters, machines }: FieldYield): string {
  const value = (name: string): number => filters[name] ?? 0;
  const seconds = (name: string): string => `${numberText(value(name), 0)} ${unitText("s")}`;
  const deviations = (name: string): string => translate("yield_setting_z", { z: numberText(value(name), 1) });
  switch (reason) {
    case "start_of_strip":
      return seconds("start_s");
    case "end_of_strip":
      return seconds("end_s");
    case "speed":
      return `${numberText(value("least_speed_m_s"), 1)}–${withUnit(value("most_speed_m_s"), "m/s")}`;
    case "speed_change":
      return `> ${shareText(value("speed_change"))}`;
    case "overlap":
      return `> ${shareText(value("most_overlap"))}`;
    case "neighbours":
      return deviations("neighbour_z");
    case "yield_limits": {
      const lows = machines.flatMap(({ limits_t_ha: [low] }) => (typeof low === "number" ? [low] : []));
      const highs = machines.flatMap(({ limits_t_ha: [, high] }) => (typeof high === "number" ? [high] : []));
      if (lows.length === 0 || highs.length === 0) return deviations("limit_z");
      const text = (limit: number): string => numberText(yieldNumber(limit), yieldDigits());
      return `${text(Math.min(...lows))}–${text(Math.max(...highs))} ${yieldUnit()}`;
    }
    default:
      return "";
  }
}
