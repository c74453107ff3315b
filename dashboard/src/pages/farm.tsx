// Page of the map and the devices: what the next 24 hours bring, active alarms, a map, and devices, fields and gateways as tables.

import "../i18n/farm";
import type { ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { ACTIVE } from "../api/active_alarms";
import { may } from "../api/may";
import { askList, useApi, useApiList } from "../api/query";
import { mountComponent, useChoice, useNow, useView } from "../app/mount";
import { useOnScreen, useTurns } from "../app/turns";
import { AlarmStrip } from "../components/alarm_strip";
import { Devices } from "../farm/devices";
import { LazyMap } from "../farm/lazy_map";
import { FirstSteps, Fields, Gateways } from "../farm/places";
import { prefetchTonight, TonightCards } from "../farm/tonight";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { LazyFold, Lazy } from "../ui/lazy";

const ALARMS_MS = 5000;
const GATEWAYS_MS = 10_000;
const FIELDS_MS = 60_000;
const EMPTY_MS = 1000;
/** A slow answer about the next day, or about alarms, does not keep the rest away for longer. */
const MOST_WAIT_MS = 4000;
/** What is further below the screen than this is built when the person comes near it, or has had the time to read. */
const NEAR = "50%";
const CALM_MS = 2500;
/** The parts below the cards. */
const PLACES = 5;

function FarmPage(): JSX.Element {
  const view = useView();
  const [chosen, choose] = useChoice("device");
  const note = view.route.query.get("note");
  const place = useRef<HTMLDivElement>(null);
  const chooseLast = useRef(choose);
  chooseLast.current = choose;
  const map = useMemo(() => {
    const showGateway = (gateway: string): void =>
      place.current?.querySelector(`[data-gateway="${CSS.escape(gateway)}"]`)?.scrollIntoView({ block: "nearest" });
    return new LazyMap(view, (device) => chooseLast.current(device), showGateway);
  }, [view]);
  const { data: alarms, loading: isAlarmsAwaited } = useApiList("/v1/alarms", ACTIVE, { everyMs: ALARMS_MS });
  const doubts = useDoubtsAbove();
  // What is below is built after the cards, which are to be read first, and are not to push it down.
  const [isSettled, setSettled] = useState(false);
  const [isLate, setLate] = useState(false);
  // What comes after the cards are drawn stands below them: they do not move while they are read.
  const [isDoubtBelow, setDoubtBelow] = useState(false);
  const isDoubtAwaited = useRef(true);
  isDoubtAwaited.current = doubts.isAwaited;
  useEffect(() => {
    const timer = setTimeout(() => {
      setDoubtBelow(isDoubtAwaited.current);
      setSettled(true);
      setLate(true);
    }, MOST_WAIT_MS);
    return () => clearTimeout(timer);
  }, []);
  const isEmpty = view.farm.devices.size === 0;
  // The first device of a farm ends its first steps. Ages are of the tables, which follow the time themselves.
  useNow(isEmpty ? EMPTY_MS : FIELDS_MS);
  return (
    <div class="farm" ref={place}>
      <h1>{translate("page_farm")}</h1>
      {isEmpty ? <FirstSteps /> : null}
      {note === null ? null : <Lazy load={async () => (await import("../farm/chosen_note")).ChosenNote} props={{ id: note }} />}
      <div class="farm-alarms">
        <AlarmStrip farm={view.farm} alarms={alarms ?? []} />
      </div>
      {isDoubtBelow ? null : doubts.cards}
      <TonightCards waits={(isAlarmsAwaited || doubts.isAwaited) && !isLate} onSettled={() => setSettled(true)} />
      {isDoubtBelow ? doubts.cards : null}
      {isSettled ? (
        <WhenNear isAsked={chosen !== "" || note !== null}>
          <Places map={map} isEmpty={isEmpty} chosen={chosen} choose={choose} />
        </WhenNear>
      ) : null}
    </div>
  );
}

/** Return the questions about improbable values as cards, whose code is loaded where there are any. */
function useDoubtsAbove(): { cards: JSX.Element | null; isAwaited: boolean } {
  const enabled = may("get", "/v1/doubts");
  const { data, loading } = useApi("/v1/doubts", { query: { answered: false } }, { everyMs: FIELDS_MS, keep: true, enabled });
  const items = data?.items ?? [];
  const hasSome = items.length > 0;
  const [Cards, setCards] = useState<ComponentType<{ items: typeof items }> | null>(null);
  useEffect(() => {
    // Without the code the questions are in the settings still.
    if (hasSome) void import("../doubts/doubt_cards").then(({ DoubtCards }) => setCards(() => DoubtCards)).catch(() => undefined);
  }, [hasSome]);
  return { cards: Cards === null || !hasSome ? null : <Cards items={items} />, isAwaited: loading || (hasSome && Cards === null) };
}

/** Displays its children once the person has come near or asked for them, or after a while. */
function WhenNear({ isAsked, children }: { isAsked: boolean; children: ComponentChildren }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const isNear = useOnScreen(place, NEAR);
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOpen(true), isNear || isAsked ? 0 : CALM_MS);
    return () => clearTimeout(timer);
  }, [isNear, isAsked]);
  return <div ref={place}>{isOpen ? children : null}</div>;
}

interface PlacesProps {
  map: LazyMap;
  /** Whether the farm has no device. */
  isEmpty: boolean;
  chosen: string;
  choose: (device: string) => void;
}

function Places({ map, isEmpty, chosen, choose }: PlacesProps): JSX.Element {
  const drawn = useTurns(PLACES);
  const gateways = useApiList("/v1/gateways", {}, { everyMs: GATEWAYS_MS }).data ?? [];
  useEffect(() => map.showGateways(gateways), [map, gateways]);
  const fields = useApiList("/v1/fields", {}, { everyMs: FIELDS_MS }).data;
  return (
    <div class="farm-places">
      <div hidden={isEmpty && fields?.length === 0} class="farm-map-place">
        <DomNode node={map.element} />
      </div>
      <div class="farm-list">
        {drawn > 1 ? <Devices map={map} chosen={chosen} choose={choose} /> : null}
        {drawn > 2 ? <Fields map={map} /> : null}
        {drawn > 3 ? <Gateways gateways={gateways} /> : null}
        {drawn > 4 ? (
          <LazyFold
            class="card note-fold"
            title={translate("farm_notes")}
            load={async () => (await import("../farm/notes_panel")).FarmNotes}
            props={{}}
          />
        ) : null}
      </div>
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
