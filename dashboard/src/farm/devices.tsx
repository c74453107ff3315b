// The devices of the farm as a table, those with trouble first, and the card of the one that is chosen.

import { hrefOf } from "../app/address";
import { ROW_VALUES } from "../components/shown_quantities";
import { NotFound } from "../ui/not_found";
import "../i18n/farm";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { freshnessOf } from "../api/freshness";
import type { Device, FarmState } from "../api/farm_state";
import { ACTIVE } from "../api/active_alarms";
import { useApiList } from "../api/query";
import { FILES_GATEWAY } from "../api/registry";
import { useFarm, useNow, useView } from "../app/mount";
import { useNowOnScreen } from "../app/turns";
import { ruleTitle, SEVERITIES } from "../components/alarm_text";
import { siteText } from "../i18n/device_names";
import { ageText, durationText } from "../i18n/instants";
import { valueParts } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import { DeviceCard } from "./device_card";
import type { MapLinks } from "./lazy_map";

const ALARMS_MS = 5000;
const MOST_VALUES = 2;

interface Row {
  device: Device;
  /** 0 is well; alarms by severity come before silence. */
  trouble: number;
  state: string;
}

export function Devices({ map, chosen, choose }: { map: MapLinks; chosen: string; choose: (device: string) => void }): JSX.Element {
  const { farm } = useView();
  const place = useRef<HTMLElement>(null);
  const now = useNowOnScreen(place);
  const alarms = useApiList("/v1/alarms", ACTIVE, { everyMs: ALARMS_MS }).data ?? [];
  const rows = [...farm.devices.values()].map((device): Row => {
    const own = alarms.filter((alarm) => alarm.subject === device.id || alarm.measured_by === device.id);
    own.sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity));
    const worst = own[0];
    const silentMs = device.last_seen_ms === null ? null : now - device.last_seen_ms;
    if (worst) return { device, trouble: 10 - SEVERITIES.indexOf(worst.severity), state: ruleTitle(worst.rule) };
    if (silentMs === null) return { device, trouble: 2, state: translate("farm_state_never") };
    if (device.gateway === FILES_GATEWAY) return { device, trouble: 0, state: translate("farm_state_of_file") };
    if (freshnessOf(device, device.last_seen_ms, now) === "silent")
      return { device, trouble: 1, state: translate("farm_state_silent", { age: durationText(silentMs / 1000) }) };
    return { device, trouble: 0, state: translate("farm_state_well") };
  });
  const columns: Column<Row>[] = [
    {
      key: "device",
      head: translate("farm_device"),
      cell: ({ device }) => (
        <span>
          <button
            type="button"
            class="plain"
            aria-expanded={device.id === chosen}
            title={translate("farm_device_open", { name: farm.nameOf(device.id) })}
            onClick={() => choose(device.id === chosen ? "" : device.id)}
          >
            {farm.nameOf(device.id)}
          </button>{" "}
          {device.simulated ? <span class="badge">{translate("simulated")}</span> : null}
        </span>
      ),
      sortBy: ({ device }) => farm.nameOf(device.id),
    },
    {
      key: "state",
      head: translate("farm_state"),
      cell: ({ state, trouble }) => <span class={trouble > 2 ? "bad" : trouble > 0 ? "stale" : undefined}>{state}</span>,
      sortBy: ({ trouble }) => trouble,
    },
    { key: "values", head: translate("farm_values"), cell: ({ device }) => valuesText(farm, device) },
    {
      key: "seen",
      head: translate("farm_seen"),
      cell: ({ device }) => (
        <span class="age">{device.last_seen_ms === null ? translate("no_data") : ageText(now - device.last_seen_ms)}</span>
      ),
      sortBy: ({ device }) => device.last_seen_ms,
    },
    {
      key: "kind",
      head: translate("farm_kind"),
      cell: ({ device }) => term("device_kinds", device.kind),
      sortBy: ({ device }) => device.kind,
    },
    {
      key: "site",
      head: translate("farm_site"),
      cell: ({ device }) => siteText(device.site),
      sortBy: ({ device }) => siteText(device.site),
    },
  ];
  return (
    <section data-panel="devices" ref={place}>
      <h2>{translate("farm_devices")}</h2>
      {chosen === "" ? null : farm.devices.has(chosen) ? (
        <ChosenDevice key={chosen} id={chosen} map={map} close={() => choose("")} />
      ) : (
        <NotFound kind="device" id={chosen} back={{ href: hrefOf("farm"), text: translate("to_farm") }} />
      )}
      <Table
        name={translate("farm_devices")}
        rows={rows}
        columns={columns}
        keyOf={({ device }) => device.id}
        searchIn={({ device, state }) =>
          [device.id, farm.nameOf(device.id), siteText(device.site), term("device_kinds", device.kind), state].join(" ")
        }
        sorted={{ key: "state", descending: true }}
        pageSize={12}
        rowAttributes={({ device }) => ({ "data-device": device.id })}
        empty={<p class="note">{translate("farm_empty")}</p>}
      />
    </section>
  );
}

function ChosenDevice({ id, map, close }: { id: string; map: MapLinks; close: () => void }): JSX.Element {
  // The farm tells of each change; ages and places are of each second.
  const farm = useFarm();
  useNow();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const card = place.current?.querySelector("article");
    card?.scrollIntoView({ block: "nearest" });
    card?.focus({ preventScroll: true });
  }, []);
  return (
    <div class="chosen-device" ref={place}>
      <button type="button" class="secondary" onClick={close}>
        {translate("farm_device_close")}
      </button>
      <DeviceCard farm={farm} device={farm.devices.get(id) as Device} position={positionOf(map, id)} />
    </div>
  );
}

function positionOf(map: MapLinks, id: string): JSX.Element | null {
  const whereabouts = map.whereabouts(id);
  if (whereabouts === undefined) return null;
  if (whereabouts === "none") return <span>{translate("farm_no_position")}</span>;
  return (
    <span>
      <button type="button" class="plain" onClick={() => map.centre(id)}>
        {translate("farm_show_on_map")}
      </button>
      {whereabouts === "site" ? <span class="note"> {translate("farm_site_position")}</span> : null}
    </span>
  );
}

function valuesText(farm: FarmState, device: Device): string {
  const values = farm.latest.get(device.id) ?? {};
  return (ROW_VALUES[device.kind] ?? Object.keys(values).sort())
    .flatMap((channel) => {
      const latest = values[channel];
      return latest ? [valueParts(channel, latest.value, latest.unit).filter(Boolean).join(" ")] : [];
    })
    .slice(0, MOST_VALUES)
    .join(" · ");
}
