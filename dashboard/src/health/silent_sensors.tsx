// Sensors that have sent nothing for a while, each with the likely reason and what to look at first.

import "../i18n/health";
import type { JSX } from "preact";
import { freshnessOf } from "../api/freshness";
import { useApi, useApiList } from "../api/query";
import { FILES_GATEWAY, inUse } from "../api/registry";
import { useFarm, useNow } from "../app/mount";
import type { Device } from "../api/farm_state";
import { durationText } from "../i18n/instants";
import { channelName, term, translate } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import { whySilent, type Gateway } from "./records";

/** A vehicle is not missed: it stands in its shed for days. */
const VEHICLES = new Set(["drone", "rover", "boat", "plane", "component", "machine", "gateway"]);

interface Silent {
  key: string;
  device: string;
  kind: string;
  what: string;
  lastMs: number;
  why: string;
}

/** Return whether a device is in a deactivated house or site: nobody waits for its data. */
function useGivenUp(): (device: Device) => boolean {
  const sites = useApiList("/v1/sites", {}).data ?? [];
  const houses = useApiList("/v1/greenhouses", {}).data ?? [];
  const zones = useApiList("/v1/greenhouse-zones", {}).data ?? [];
  const places = useApi("/v1/device-places", {}).data?.items ?? [];
  const used = inUse(sites);
  const isUsed = (house: (typeof houses)[number]): boolean => house.active !== false && used.some(({ id }) => id === house.site);
  return (device) => {
    const zone = zones.find(({ id }) => id === places.find((place) => place.device === device.id)?.zone);
    const house = houses.find(({ id, name }) => (zone === undefined ? name === device.id : id === zone.greenhouse));
    return (house !== undefined && !isUsed(house)) || sites.some(({ name, active }) => name === device.site && active === false);
  };
}

export function SilentSensors({ gateways }: { gateways: readonly Gateway[] }): JSX.Element {
  const farm = useFarm();
  const now = useNow(10_000);
  const givenUp = useGivenUp();
  const silent: Silent[] = [];
  for (const device of farm.devices.values()) {
    if (VEHICLES.has(device.kind) || device.gateway === FILES_GATEWAY || givenUp(device)) continue;
    const gateway = gateways.find((each) => each.id === device.gateway);
    const channels = Object.entries(farm.latest.get(device.id) ?? {});
    const old = channels.filter(([, value]) => freshnessOf(value, value.time_ms, now) === "silent");
    const isWhole = old.length === channels.length;
    const add = (what: string, lastMs: number): void => {
      const why = whySilent(device, gateway, isWhole, now);
      silent.push({
        key: `${device.id} ${what}`,
        device: farm.nameOf(device.id),
        kind: term("device_kinds", device.kind),
        what,
        lastMs,
        why,
      });
    };
    // A device that is silent as a whole is one line.
    if (isWhole && device.last_seen_ms !== null && (old.length > 0 || freshnessOf(device, device.last_seen_ms, now) === "silent"))
      add(translate("health_all_quantities"), device.last_seen_ms);
    else if (!isWhole) for (const [channel, value] of old) add(channelName(channel), value.time_ms);
  }
  const columns: Column<Silent>[] = [
    { key: "device", head: translate("health_sensor"), cell: (row) => row.device, sortBy: (row) => row.device },
    { key: "kind", head: translate("health_kind"), cell: (row) => row.kind, sortBy: (row) => row.kind },
    { key: "what", head: translate("health_quantity"), cell: (row) => row.what, sortBy: (row) => row.what },
    {
      key: "age",
      head: translate("health_silent_for"),
      cell: (row) => durationText((now - row.lastMs) / 1000),
      sortBy: (row) => row.lastMs,
    },
    { key: "why", head: translate("health_why"), cell: (row) => row.why },
  ];
  return (
    <section class="card" data-panel="silent">
      <h2>{translate("health_silent")}</h2>
      <Table
        name={translate("health_silent")}
        rows={silent}
        columns={columns}
        keyOf={(row) => row.key}
        sorted={{ key: "age" }}
        searchIn={(row) => `${row.device} ${row.what}`}
        pageSize={10}
        empty={<p class="note">{translate("health_silent_none")}</p>}
      />
    </section>
  );
}
