// Flights of a gateway's vehicles in the last day: how much of each is stored, by link and from the vehicle's card.

import "../i18n/health";
import type { JSX } from "preact";
import { useFarm } from "../app/mount";
import { windowText } from "../i18n/instants";
import { shareText } from "../i18n/numbers";
import { englishOnly, findTerm, translate, type TextKey } from "../i18n/translate";
import { Table, type Column } from "../ui/table";
import type { Delivery } from "./records";

type Flight = NonNullable<Delivery["flights"]>[number];

const STATES: Readonly<Record<string, TextKey>> = {
  open: "health_flight_open",
  complete: "health_flight_complete",
  left: "health_flight_left",
};

export function Flights({ delivery }: { delivery: Delivery }): JSX.Element | null {
  const farm = useFarm();
  const flights = delivery.flights ?? [];
  if (flights.length === 0) return null;
  const columns: Column<Flight>[] = [
    { key: "device", head: translate("health_flight_device"), cell: ({ device }) => farm.nameOf(device), sortBy: ({ device }) => device },
    {
      key: "time",
      head: translate("health_flight_time"),
      cell: ({ start_ms, end_ms }) => windowText(start_ms, end_ms),
      sortBy: ({ start_ms }) => start_ms,
    },
    {
      key: "live",
      head: translate("health_flight_live"),
      cell: ({ live_coverage }) => shareText(live_coverage),
      sortBy: ({ live_coverage }) => live_coverage,
    },
    {
      key: "stored",
      head: translate("health_flight_stored"),
      cell: ({ coverage }) => shareText(coverage),
      sortBy: ({ coverage }) => coverage,
    },
    {
      key: "state",
      head: translate("health_flight_state"),
      cell: ({ state, reason }) => (
        <>
          <span class={state === "left" ? "error" : ""}>{translate(STATES[state] ?? "health_flight_open")}</span>{" "}
          {reason === null || state !== "left" ? null : <span class="note">{findTerm("reasons", reason) ?? englishOnly(reason)}</span>}
        </>
      ),
      sortBy: ({ state }) => state,
    },
  ];
  return (
    <div data-part="flights">
      <h3>{translate("health_flights")}</h3>
      <Table
        name={translate("health_flights")}
        rows={flights}
        columns={columns}
        keyOf={({ device, start_ms }) => `${device} ${start_ms}`}
        sorted={{ key: "time", descending: true }}
        pageSize={8}
      />
    </div>
  );
}
