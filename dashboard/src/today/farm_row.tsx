// One house or field of today: its state, a picture of the next 24 hours, and its one next action; what else is known of it opens below.

import type { ComponentType, JSX } from "preact";
import { useState } from "preact/hooks";
import { hrefOfThing } from "../app/address";
import { printing } from "../ui/printing";
import { numberText } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import "../i18n/today";
import { Lazy } from "../ui/lazy";
import { FieldStrip } from "./field_strip";
import { HouseStrip, type StripMode } from "./house_strip";
import { NextAction } from "./next_action";
import type { Row, Subject } from "./records";
import { STATE_TEXT, StateMark } from "./state_mark";
import type { TimeScale } from "./time_scale";

/** Of how many such statements right a record is sure. */
const SURE_SHARE = 0.85;

export type LoadRest = () => Promise<ComponentType<{ subject: Subject }>>;

interface FarmRowProps {
  row: Row;
  scale: TimeScale;
  /** Whether the row says that it is simulated: where others are not. */
  marksSimulated: boolean;
  loadRest: LoadRest;
}

export function FarmRow({ row, scale, marksSimulated, loadRest }: FarmRowProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <li class={`farm-row is-${row.state}`} data-row={row.id} data-state={row.state}>
      <RowHead row={row} marksSimulated={marksSimulated} />
      <span class="sure">{recordText(row)}</span>
      {row.strip === null ? null : <RowStrip row={row} scale={scale} />}
      <NextAction row={row} nowMs={scale.nowMs} zone={scale.zone} isOpen={isOpen || printing.value} onOpen={() => setOpen(!isOpen)} />
      {isOpen || printing.value ? (
        <div class="row-rest">
          <Lazy load={loadRest} props={{ subject: { kind: row.kind, id: row.id } }} />
        </div>
      ) : null}
    </li>
  );
}

function RowHead({ row, marksSimulated }: { row: Row; marksSimulated: boolean }): JSX.Element {
  const { current } = row;
  return (
    <a class="who" href={hrefOfThing({ kind: row.kind, id: row.id })}>
      <StateMark state={row.state} />
      <span class="whose">
        <span class="name">{row.name}</span>
        {row.crop === null ? null : <span class="crop"> {term("crops", row.crop)}</span>}
        {current === null ? null : <span class="value"> {numberText(current.value, 0)}°</span>}
        {marksSimulated ? <span class="chip">{translate("simulated")}</span> : null}
      </span>
      <span class="word">{translate(STATE_TEXT[row.state])}</span>
    </a>
  );
}

function RowStrip({ row, scale }: { row: Row; scale: TimeScale }): JSX.Element | null {
  if (row.strip === null) return null;
  const mode = modeOf(row);
  return row.strip.house === null ? (
    <FieldStrip strip={row.strip} scale={scale} mode={mode} />
  ) : (
    <HouseStrip strip={row.strip} scale={scale} mode={mode} />
  );
}

function modeOf({ state, action }: Row): StripMode {
  if (state === "silent") return "silent";
  return action === null && (state === "calm" || state === "watch" || state === "unknown") ? "calm" : "full";
}

/** Return how sure a row is, by counts; where they are too few, how many there are. */
export function recordText({ record }: Row): string {
  if (record === null) return "";
  const { right, n, least } = record;
  if (n < least) return translate("today_no_record", { n, least });
  return translate(right / n >= SURE_SHARE ? "today_sure" : "today_fairly_sure", { right, n });
}
