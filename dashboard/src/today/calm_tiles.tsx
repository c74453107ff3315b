// Houses in which nothing is to be done, as tiles: each still has its night.

import type { JSX } from "preact";
import { hrefOfThing } from "../app/address";
import { numberText } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import "../i18n/today";
import { HouseStrip } from "./house_strip";
import type { Row } from "./records";
import { StateMark } from "./state_mark";
import type { TimeScale } from "./time_scale";

/** Fewer calm houses are rows. */
export const LEAST_TILES = 5;

export function CalmTiles({ rows, scale }: { rows: readonly Row[]; scale: TimeScale }): JSX.Element {
  return (
    <details class="calm-houses is-calm" open>
      <summary>
        <StateMark state="calm" />
        <span>{translate("today_calm_houses", { n: rows.length })}</span>
      </summary>
      <ul class="calm-tiles">
        {rows.map((row) => (
          <li key={row.id} data-row={row.id} data-state={row.state}>
            <Tile row={row} scale={scale} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function Tile({ row, scale }: { row: Row; scale: TimeScale }): JSX.Element {
  const lowest = row.strip?.house?.lowest ?? null;
  const text = lowest === null ? "" : `${numberText(lowest.value_degc, 1)}°`;
  return (
    <a class="calm-tile" href={hrefOfThing({ kind: row.kind, id: row.id })}>
      <span class="tile-head">
        <span class="name">{row.name}</span>
        {row.crop === null ? null : <span class="crop">{term("crops", row.crop)}</span>}
        {lowest === null ? null : (
          <>
            <span class="hidden">{translate("today_tile", { value: text })}</span>
            <span class="lowest-text" aria-hidden="true">
              {text}
            </span>
          </>
        )}
      </span>
      {row.strip === null ? null : <HouseStrip strip={row.strip} scale={scale} mode="tile" />}
    </a>
  );
}
