// Fields and gateways of the farm as tables, and the first steps of a farm without any.

import "../i18n/farm";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useApiList } from "../api/query";
import { FILES_GATEWAY } from "../api/registry";
import { hrefOf, hrefOfThing } from "../app/address";
import { useNowOnScreen } from "../app/turns";
import { ageText } from "../i18n/instants";
import { areaText, numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { useOwners } from "../people/owner_field";
import { Loaded } from "../ui/loaded";
import { Empty } from "../ui/empty";
import { Table, type Column } from "../ui/table";
import type { GatewayItem } from "./farm_map";
import type { MapLinks } from "./lazy_map";
import type { ListItem } from "../api/client";

type FieldItem = ListItem<"/v1/fields">;

const FIELDS_MS = 60_000;

export function Fields({ map }: { map: MapLinks }): JSX.Element {
  const fields = useApiList("/v1/fields", {}, { everyMs: FIELDS_MS });
  const ownerOf = useOwners();
  const columns: Column<FieldItem>[] = [
    {
      key: "field",
      head: translate("farm_field"),
      cell: (field) => <a href={hrefOfThing({ kind: "field", id: field.id ?? "" })}>{field.name}</a>,
      sortBy: (field) => field.name,
    },
    {
      key: "area",
      head: translate("farm_area"),
      number: true,
      cell: (field) => (field.usable_area_m2 == null ? "" : areaText(field.usable_area_m2)),
      sortBy: (field) => field.usable_area_m2,
    },
    { key: "owner", head: translate("farm_owner"), cell: ownerOf, sortBy: ownerOf },
    {
      key: "map",
      head: "",
      cell: (field) => (
        <button type="button" class="plain" onClick={() => map.centreField(field.id ?? "")}>
          {translate("farm_show_on_map")}
        </button>
      ),
    },
  ];
  return (
    <section data-panel="fields">
      <h2>{translate("farm_fields")}</h2>
      <Loaded state={fields}>
        {(list) => (
          <Table
            name={translate("farm_fields")}
            rows={list}
            columns={columns}
            keyOf={(field) => field.id ?? field.name}
            searchIn={(field) => `${field.name} ${ownerOf(field)}`}
            sorted={{ key: "field" }}
            pageSize={12}
            empty={<Empty text={translate("farm_no_fields")} link={{ href: hrefOf("field"), text: translate("farm_import_fields") }} />}
          />
        )}
      </Loaded>
    </section>
  );
}

export function Gateways({ gateways }: { gateways: readonly GatewayItem[] }): JSX.Element {
  const place = useRef<HTMLElement>(null);
  const now = useNowOnScreen(place);
  const columns: Column<GatewayItem>[] = [
    { key: "gateway", head: translate("farm_gateway"), cell: (gateway) => gateway.id, sortBy: (gateway) => gateway.id },
    {
      key: "state",
      head: translate("farm_state"),
      cell: (gateway) => <span class={gateway.online ? "state on" : "state off"}>{translate(gateway.online ? "online" : "offline")}</span>,
      sortBy: (gateway) => (gateway.online ? 1 : 0),
    },
    {
      key: "seen",
      head: translate("farm_seen"),
      cell: (gateway) => (
        <span class="age">{gateway.last_status_ms === null ? translate("no_data") : ageText(now - gateway.last_status_ms)}</span>
      ),
      sortBy: (gateway) => gateway.last_status_ms,
    },
    {
      key: "waiting",
      head: translate("farm_waiting"),
      cell: (gateway) =>
        gateway.spool && gateway.spool.records > 0
          ? translate("farm_spool", { records: numberText(gateway.spool.records, 0) })
          : translate("farm_spool_empty"),
      sortBy: (gateway) => gateway.spool?.records,
    },
    {
      key: "unstored",
      head: translate("farm_unstored"),
      cell: (gateway) => <Unstored gateway={gateway} />,
      sortBy: (gateway) => (gateway.unstored?.lost ?? 0) + (gateway.unstored?.not_known ?? 0) + (gateway.unstored?.quarantined ?? 0),
    },
  ];
  return (
    <section data-panel="gateways" ref={place}>
      <h2>{translate("farm_gateways")}</h2>
      <Table
        name={translate("farm_gateways")}
        rows={gateways.filter(({ id }) => id !== FILES_GATEWAY)}
        columns={columns}
        keyOf={(gateway) => gateway.id}
        searchIn={(gateway) => gateway.id}
        sorted={{ key: "state" }}
        pageSize={12}
        rowAttributes={(gateway) => ({ "data-gateway": gateway.id })}
        empty={<Empty text={translate("farm_no_gateways")} link={{ href: hrefOf("health"), text: translate("page_health") }} />}
      />
    </section>
  );
}

/** What to do on a farm that has no data yet. */
export function FirstSteps(): JSX.Element {
  return (
    <section class="card first-steps" data-panel="first-steps">
      <h2>{translate("farm_first_steps")}</h2>
      <p>{translate("farm_empty")}</p>
      <ol>
        <li>
          <Empty
            text={translate("farm_step_gateway")}
            link={{ href: "help/how-to/gateways-elsewhere/", text: translate("farm_step_gateway_link") }}
          />
        </li>
        <li>
          <Empty text={translate("farm_step_fields")} link={{ href: hrefOf("field"), text: translate("farm_import_fields") }} />
        </li>
        <li>
          <Empty
            text={translate("farm_step_log")}
            link={{ href: hrefOf("health", { tab: "import" }), text: translate("farm_step_log_link") }}
          />
        </li>
      </ol>
    </section>
  );
}

/** Records of a gateway that are not in the store, by why: what is lost comes first. */
function Unstored({ gateway }: { gateway: GatewayItem }): JSX.Element {
  const { unstored } = gateway;
  const counts = [
    ["farm_lost", unstored?.lost ?? 0, gateway.loss > 0],
    ["farm_not_known", unstored?.not_known ?? 0, true],
    ["farm_quarantined", unstored?.quarantined ?? 0, true],
    ["farm_dropped", unstored?.dropped ?? 0, true],
    ["farm_expired", unstored?.expired ?? 0, false],
  ] as const;
  const known = counts.filter(([, count]) => count > 0);
  if (known.length === 0) return <span class="note">{translate("none")}</span>;
  return (
    <a href={hrefOfThing({ kind: "gateway", id: gateway.id })}>
      {known.map(([name, count, isBad]) => (
        <div key={name}>
          <span class={isBad ? "bad" : ""}>{translate(name, { count: numberText(count, 0) })}</span>
        </div>
      ))}
    </a>
  );
}
