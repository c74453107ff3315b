// A gateway: whether it reports, its sources, what it has delivered and what not, its clocks, and events of its spool.

import { useEffect, useRef } from "preact/hooks";
import { newestOf } from "../components/choice";
import { isRulesTrouble, rulesText, useRulesAtGateways } from "../components/gateway_rules";
import "../i18n/health";
import "../i18n/sensors";
import type { ComponentChildren, JSX } from "preact";
import { may } from "../api/may";
import { useApi } from "../api/query";
import { FILES_GATEWAY } from "../api/registry";
import { useFarm, useNow } from "../app/mount";
import { ageText, dateTimeText, durationText } from "../i18n/instants";
import { bytesText, numberText } from "../i18n/numbers";
import { englishOnly, listText, term, translate } from "../i18n/translate";
import { LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { Flights } from "./flights";
import { useGatewayEvents, type DeviceEvent } from "./gateway_events";
import { isBehind, isReporting, troubleOf, type Delivery, type Gateway } from "./records";

const REFRESH_MS = 5000;
const MAX_RANGES = 100;

interface Fact {
  name: string;
  text: ComponentChildren;
  bad?: boolean;
}

/** `isAsked`: a link led here. */
export function GatewayCard({ gateway, isAsked = false }: { gateway: Gateway; isAsked?: boolean }): JSX.Element {
  const place = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isAsked) place.current?.scrollIntoView({ block: "start" });
  }, [isAsked]);
  const now = useNow();
  const delivery = useApi("/v1/gateways/{gateway}/delivery", { path: { gateway: gateway.id } }, { everyMs: REFRESH_MS });
  const events = useGatewayEvents(gateway.id);
  const reporting = isReporting(gateway, now);
  const ofFiles = gateway.id === FILES_GATEWAY;
  const state = gateway.online === null ? "unknown" : gateway.online ? (reporting ? "online" : "stale") : "offline";
  return (
    <section class="card" data-gateway={gateway.id} ref={place} {...(isAsked ? { "aria-current": "true" as const } : {})}>
      <header>
        <h2>{ofFiles ? translate("health_files") : gateway.id}</h2>
        {ofFiles ? null : (
          <>
            <span class={`state ${reporting ? "on" : "off"}`}>{translate(state)}</span>
            <span class={reporting ? "age" : "age stale"}>
              {gateway.last_status_ms === null ? translate("no_data") : ageText(now - gateway.last_status_ms)}
            </span>
          </>
        )}
      </header>
      <Sources gateway={gateway} />
      {!ofFiles && may("post", "/v1/gateways/{gateway}/orders") ? (
        <LazyFold
          title={translate("sensor_connect")}
          class="tool"
          load={async () => (await import("../sensors/connect_sensor")).ConnectSensor}
          props={{ gateway: gateway.id }}
        />
      ) : null}
      <Loaded state={delivery}>
        {(found) => (
          <>
            <Facts gateway={gateway} delivery={found} events={events} now={now} />
            <Flights delivery={found} />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Sources({ gateway }: { gateway: Gateway }): JSX.Element | null {
  const sources = gateway.sources ?? [];
  if (sources.length === 0) return null;
  return (
    <ul class="plain-list sources" aria-label={translate("health_sources")}>
      {sources.map((source) => {
        const trouble = troubleOf(source);
        return (
          <li key={source.name} data-source={source.name}>
            <span>
              <strong>{source.name}</strong> <span class="note">{term("source_types", source.type)}</span>
            </span>
            {trouble ? (
              <p class="error">{trouble}</p>
            ) : (
              <>
                {" "}
                <span class="state on">{translate("health_source_reads")}</span>
              </>
            )}
            {source.restarts > 0 ? <span class="note">{translate("health_source_restarts", { count: source.restarts })}</span> : null}
          </li>
        );
      })}
    </ul>
  );
}

function Facts({
  gateway,
  delivery,
  events,
  now,
}: {
  gateway: Gateway;
  delivery: Delivery;
  events: readonly DeviceEvent[] | null;
  now: number;
}): JSX.Element {
  const gaps = [
    ...delivery.lost.map((range) => [translate("health_lost"), range] as const),
    ...delivery.missing.map((range) => [translate("health_missing"), range] as const),
  ];
  const spoolEvents = (events ?? []).filter(({ event }) => event.kind.startsWith("spool_"));
  return (
    <>
      <table>
        <caption class="hidden">{gateway.id}</caption>
        <tbody>
          {factsOf(gateway, delivery, now).map(({ name, text, bad }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class={bad ? "bad" : ""}>{text}</td>
            </tr>
          ))}
          <RulesFact gateway={gateway.id} />
          <Clocks gateway={gateway.id} events={events} />
          <tr>
            <th scope="row">{translate("health_software")}</th>
            <td>{gateway.software || translate("unknown")}</td>
          </tr>
        </tbody>
      </table>
      {spoolEvents.length === 0 ? null : (
        <details class="how" open>
          <summary>{translate("health_spool_events", { count: spoolEvents.length })}</summary>
          {spoolEvents.map(({ event }) => (
            <p key={`${event.time_ms} ${event.kind}`}>
              {translate("name_and_text", { name: dateTimeText(event.time_ms), text: term("event_kinds", event.kind) })}
            </p>
          ))}
        </details>
      )}
      <SpoolReports delivery={delivery} />
      {gaps.length === 0 ? null : (
        <details class="how">
          <summary>{translate("health_gaps", { count: gaps.length })}</summary>
          {gaps.slice(0, MAX_RANGES).map(([name, range]) => (
            <p key={`${name} ${range.epoch} ${range.first}`}>
              {translate("name_and_text", { name, text: `${numberText(range.first, 0)} – ${numberText(range.last, 0)}` })}
            </p>
          ))}
        </details>
      )}
    </>
  );
}

/** What the gateway does with the farm's alarm rules. */
function RulesFact({ gateway }: { gateway: string }): JSX.Element | null {
  const standing = useRulesAtGateways().find((each) => each.gateway === gateway);
  if (standing === undefined) return null;
  return (
    <tr data-rules={standing.state}>
      <th scope="row">{translate("health_rules")}</th>
      <td class={isRulesTrouble(standing) ? "bad" : ""}>{rulesText(standing)}</td>
    </tr>
  );
}

/** Return a delay in milliseconds below a second, else by its largest units. */
function delayText(delayMs: number): string {
  return delayMs < 1000 ? `${numberText(delayMs, 0)} ${term("units", "ms")}` : durationText(delayMs / 1000);
}

function factsOf(gateway: Gateway, delivery: Delivery, now: number): Fact[] {
  const { spool } = gateway;
  const { totals } = delivery;
  const count = (value: number): string => numberText(value, 0);
  const records = (value: number): string => (value === 0 ? translate("none") : translate("health_records", { count: count(value) }));
  const current = gateway.epoch === "" ? newestOf(delivery.epochs) : delivery.epochs.find((epoch) => epoch.epoch === gateway.epoch);
  const isTwin = delivery.alternations > 1;
  const { p50, p99, n } = delivery.latency_ms;
  const foreign = (delivery.refused_devices ?? []).map(({ device, owner }) => translate("health_foreign_value", { device, owner }));
  const facts: (Fact | null)[] = [
    {
      name: translate("health_spool"),
      text: translate("health_spool_value", { records: count(spool.records), size: bytesText(spool.bytes) }),
    },
    {
      name: translate("health_oldest"),
      text: typeof spool.oldest_ms === "number" ? ageText(now - spool.oldest_ms) : translate("none"),
      bad: isBehind(gateway, now),
    },
    {
      name: translate("health_committed"),
      text: current ? translate("health_committed_value", { record: count(current.high_water) }) : translate("none"),
    },
    { name: translate("health_stored"), text: count(totals.stored) },
    { name: translate("health_missing"), text: records(totals.missing), bad: totals.missing > spool.records + 100 },
    { name: translate("health_lost"), text: records(delivery.loss), bad: delivery.loss > 0 },
    {
      name: translate("health_dropped"),
      text:
        totals.dropped_by_gateway === 0 && spool.thinned_points === 0
          ? translate("none")
          : translate("health_dropped_value", { records: count(totals.dropped_by_gateway), points: count(spool.thinned_points) }),
      bad: totals.dropped_by_gateway > 0,
    },
    { name: translate("health_quarantined"), text: records(totals.quarantined), bad: totals.quarantined > 0 },
    ...RARE_STATES.map(({ state, name, isBad }) => {
      const found = totals[state] ?? 0;
      return found === 0 ? null : { name: translate(name), text: records(found), bad: isBad };
    }),
    {
      name: translate("health_latency"),
      text:
        p50 === null || p99 === null
          ? translate("unknown")
          : translate("health_latency_value", { p50: delayText(p50), p99: delayText(p99), n: count(n) }),
    },
    {
      name: translate("health_messages"),
      text: translate("health_messages_value", {
        received: count(delivery.received),
        duplicate: count(delivery.duplicate),
        since: dateTimeText(delivery.since_ms),
      }),
    },
    delivery.conflicting === 0
      ? null
      : { name: translate("health_conflicting"), text: translate("health_samples", { count: count(delivery.conflicting) }), bad: true },
    foreign.length === 0 ? null : { name: translate("health_foreign"), text: listText(foreign.slice(-MAX_RANGES)), bad: true },
    delivery.other_content === 0 && !isTwin
      ? null
      : {
          name: translate("health_identity"),
          text: isTwin ? translate("health_identity_now") : translate("health_identity_once", { count: count(delivery.other_content) }),
          bad: true,
        },
    spool.trouble === ""
      ? null
      : { name: translate("health_not_accepting"), text: englishOnly(spool.trouble) || translate("health_storage_fault"), bad: true },
  ];
  return facts.filter((fact) => fact !== null);
}

/** States of records that a farm may never have: they are named where there are any. */
const RARE_STATES = [
  { state: "store_refused", name: "health_store_refused", isBad: true },
  { state: "expired", name: "health_expired", isBad: false },
  { state: "not_known", name: "health_not_known", isBad: true },
  { state: "uncounted", name: "health_uncounted", isBad: false },
] as const;

/** What the gateway has said about its spool since it is known: the day's events are a part of it. */
function SpoolReports({ delivery }: { delivery: Delivery }): JSX.Element | null {
  const reports = (delivery.spool_reports ?? []).toReversed();
  if (reports.length === 0) return null;
  return (
    <details class="how">
      <summary>{translate("health_spool_reports", { count: reports.length + (delivery.spool_reports_left_out ?? 0) })}</summary>
      {reports.slice(0, MAX_RANGES).map(({ time_ms, kind, data }) => {
        const { first_seq, last_seq } = data;
        const range =
          typeof first_seq === "number" && typeof last_seq === "number" ? `${numberText(first_seq, 0)} – ${numberText(last_seq, 0)}` : null;
        const parts = [term("event_kinds", kind), range].filter((part) => part !== null);
        return (
          <p key={`${time_ms} ${kind} ${range}`}>{translate("name_and_text", { name: dateTimeText(time_ms), text: parts.join(" · ") })}</p>
        );
      })}
    </details>
  );
}

function Clocks({ gateway, events }: { gateway: string; events: readonly DeviceEvent[] | null }): JSX.Element {
  const farm = useFarm();
  const clocks = new Map<string, number>();
  for (const device of farm.devices.values())
    if (device.gateway === gateway) clocks.set(device.clock ?? "unknown", (clocks.get(device.clock ?? "unknown") ?? 0) + 1);
  const worst = (events ?? [])
    .filter(({ event }) => event.kind === "clock_step" || event.kind === "clock_disagrees")
    .map(({ device, event }) => ({ device, at: event.time_ms, ms: Number(event.data["ahead_ms"] ?? event.data["step_ms"] ?? 0) }))
    .sort((a, b) => Math.abs(b.ms) - Math.abs(a.ms))[0];
  const known = listText([...clocks].map(([clock, count]) => `${term("clocks", clock)} × ${count}`));
  const error =
    worst === undefined
      ? translate("health_clock_none")
      : translate("health_clock_worst", {
          seconds: numberText(worst.ms / 1000, 1),
          device: farm.nameOf(worst.device),
          when: dateTimeText(worst.at),
        });
  return (
    <tr data-fact="clock">
      <th scope="row">{translate("health_clock")}</th>
      <td class={worst === undefined ? "" : "bad"}>{events === null ? "…" : [known, error].filter(Boolean).join(" · ")}</td>
    </tr>
  );
}
