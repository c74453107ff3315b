// Page of the farm: what the next 24 hours bring, active alarms, a map, and devices, fields and gateways as tables.

import "../i18n/farm";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { askList, useApiList } from "../api/query";
import { mountComponent, useChoice, useNow, useView } from "../app/mount";
import { AlarmStrip } from "../components/alarm_strip";
import { ACTIVE, Devices } from "../farm/devices";
import { LazyMap } from "../farm/lazy_map";
import { FirstSteps, Fields, Gateways } from "../farm/places";
import { prefetchTonight, TonightCards } from "../farm/tonight";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { LazyFold } from "../ui/lazy";

const ALARMS_MS = 5000;
const GATEWAYS_MS = 10_000;
const FIELDS_MS = 60_000;
const EMPTY_MS = 1000;
/** A slow answer about the next day, or about alarms, does not keep the rest away for longer. */
const MOST_WAIT_MS = 4000;

function FarmPage(): JSX.Element {
  const view = useView();
  const [chosen, choose] = useChoice("device");
  const place = useRef<HTMLDivElement>(null);
  const chooseLast = useRef(choose);
  chooseLast.current = choose;
  const map = useMemo(() => {
    const showGateway = (gateway: string): void =>
      place.current?.querySelector(`[data-gateway="${CSS.escape(gateway)}"]`)?.scrollIntoView({ block: "nearest" });
    return new LazyMap(view, (device) => chooseLast.current(device), showGateway);
  }, [view]);
  const strip = useMemo(() => new AlarmStrip(view.farm), [view]);
  useEffect(() => {
    view.repeat(1000, () => strip.draw());
  }, [strip, view]);
  const { data: alarms, loading: isAlarmsAwaited } = useApiList("/v1/alarms", ACTIVE, { everyMs: ALARMS_MS });
  // Before the cards are drawn that it stands above: they do not move while they are read.
  useLayoutEffect(() => (alarms === undefined ? undefined : strip.show(alarms)), [alarms, strip]);
  const gateways = useApiList("/v1/gateways", {}, { everyMs: GATEWAYS_MS }).data ?? [];
  useEffect(() => map.showGateways(gateways), [map, gateways]);
  const fields = useApiList("/v1/fields", {}, { everyMs: FIELDS_MS }).data;
  // What is below is built after the cards, which are to be read first, and are not to push it down; the map is loaded when it is about to be seen.
  const [isSettled, setSettled] = useState(false);
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setSettled(true);
      setLate(true);
    }, MOST_WAIT_MS);
    return () => clearTimeout(timer);
  }, []);
  const isEmpty = view.farm.devices.size === 0;
  // The first device of a farm ends its first steps. Ages are of the tables, which follow the time themselves.
  useNow(isEmpty ? EMPTY_MS : FIELDS_MS);
  const isMapEmpty = isEmpty && fields?.length === 0;
  return (
    <div class="farm" ref={place}>
      <h1 class="hidden">{translate("page_farm")}</h1>
      {isEmpty ? <FirstSteps /> : null}
      <DomNode node={strip.element} class="farm-alarms" />
      <TonightCards waits={isAlarmsAwaited && !isLate} onSettled={() => setSettled(true)} />
      {isSettled ? (
        <div class="farm-places">
          <div hidden={isMapEmpty} class="farm-map-place">
            <DomNode node={map.element} />
          </div>
          <div class="farm-list">
            <Devices map={map} chosen={chosen} choose={choose} />
            <Fields map={map} />
            <Gateways gateways={gateways} />
            <LazyFold
              class="card note-fold"
              title={translate("farm_notes")}
              load={async () => (await import("../farm/notes_panel")).FarmNotes}
              props={{}}
            />
          </div>
        </div>
      ) : null}
    </div>
  );
}

export const mount = mountComponent(FarmPage);

/** Ask for what is to be read first while the session is asked for. */
export function prepare(): void {
  prefetchTonight();
  // A failure is told by the page, which asks again.
  void askList("/v1/alarms", ACTIVE).catch(() => undefined);
}
