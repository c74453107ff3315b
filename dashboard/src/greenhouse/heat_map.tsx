// Heat map of the places in a greenhouse by hour. Arrow keys move over its cells.

import "../i18n/greenhouse";
import "../i18n/map_legend";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import palette from "../../../headland/contract/palette.json";
import { channels } from "../components/colours";
import { shownOption } from "../components/choice";
import { formatInstant } from "../i18n/instants";
import { numberText, reasonText, unitText } from "../i18n/numbers";
import { digitsOf } from "../i18n/quantities";
import { channelName, translate, zoneText } from "../i18n/translate";
import { Choice } from "../ui/choice";
import type { Overview } from "./records";
import { ScrollTable } from "./scroll_table";

const ROW_PX = 26;
const [LOW, MIDDLE, HIGH] = palette.heat.map(channels) as [number[], number[], number[]];
const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

type Place = Overview["map"]["places"][number];

function knownOf(place: Place, quantity: string): number[] {
  return (place.channels[quantity] ?? []).filter((value): value is number => value !== null);
}

export function HeatMap({ overview }: { overview: Overview }): JSX.Element {
  const { places, units } = overview.map;
  const present = Object.keys(units).filter((name) => places.some((place) => knownOf(place, name).length > 0));
  const [chosen, setChosen] = useState("");
  const quantity = shownOption(present, chosen);
  return (
    <section class="card" data-panel="places">
      <h2>{translate("greenhouse_places")}</h2>
      <p class="note">{translate("greenhouse_places_about")}</p>
      <Choice
        label={translate("quantity")}
        value={quantity}
        options={present.map((name) => ({ value: name, text: channelName(name) }))}
        onChoose={setChosen}
      />
      {quantity === "" ? (
        <p class="note" role="status">
          {translate("chart_none")}
        </p>
      ) : (
        <Cells key={quantity} overview={overview} quantity={quantity} />
      )}
    </section>
  );
}

function Cells({ overview, quantity }: { overview: Overview; quantity: string }): JSX.Element {
  const { places, time_ms, units } = overview.map;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [cell, setCell] = useState<readonly [row: number, hour: number] | null>(null);
  const unit = units[quantity] ?? "1";
  const values = places.flatMap((place) => knownOf(place, quantity));
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const format = (value: number): string => `${numberText(value, digitsOf(unit, quantity))} ${unitText(unit)}`;
  const [lowColour = "", middleColour = "", highColour = ""] = palette.heat;
  const scale: [string, number][] =
    high > low
      ? [
          [lowColour, low],
          [middleColour, (low + high) / 2],
          [highColour, high],
        ]
      : [[middleColour, low]];
  const keys = scale.map(([colour, value]) => [colour, format(value)] as const);
  if (values.length < places.length * time_ms.length) keys.push(["transparent", translate("legend_no_value")]);
  useEffect(() => draw(canvas.current, overview, quantity, low, high), [overview, quantity]);
  const select = (row: number, hour: number): void =>
    setCell([Math.max(0, Math.min(places.length - 1, row)), Math.max(0, Math.min(time_ms.length - 1, hour))]);
  const whole = translate("greenhouse_heat_label", { name: channelName(quantity), low: format(low), high: format(high) });
  return (
    <>
      <div class="heat-row">
        <div class="heat-names" aria-hidden="true">
          {places.map((place) => (
            <span key={place.name}>{zoneText(place.name)}</span>
          ))}
        </div>
        <canvas
          ref={canvas}
          class="heat"
          tabIndex={0}
          role="img"
          aria-label={whole}
          width={time_ms.length}
          height={places.length}
          style={{ height: `${places.length * ROW_PX}px` }}
          onPointerMove={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            select(Math.floor((event.clientY - box.top) / ROW_PX), Math.floor(((event.clientX - box.left) / box.width) * time_ms.length));
          }}
          onKeyDown={(event) => {
            const step = STEPS[event.key];
            if (step === undefined) return;
            event.preventDefault();
            select((cell?.[0] ?? 0) + step[0], (cell?.[1] ?? 0) + step[1]);
          }}
        />
      </div>
      <ul class="keys legend" aria-label={translate("legend")}>
        {keys.map(([colour, text]) => (
          <li key={text}>
            <span class="key" aria-hidden="true" style={{ background: colour }} /> {text}
          </li>
        ))}
      </ul>
      <p class="note" role="status">
        {cell === null ? whole : cellText(overview, quantity, cell, format)}
      </p>
      <ScrollTable name={translate("greenhouse_places")} heads={HEADS.map((head) => translate(head))} class="">
        {places.map((place) => {
          const known = knownOf(place, quantity);
          const statistics =
            known.length === 0
              ? ["—", "—", "—"]
              : [Math.min(...known), known.reduce((sum, value) => sum + value, 0) / known.length, Math.max(...known)].map(format);
          return (
            <tr key={place.name}>
              <th scope="row">{zoneText(place.name)}</th>
              {statistics.map((text, at) => (
                <td key={at}>{text}</td>
              ))}
              <td>{`${known.length} / ${time_ms.length}`}</td>
            </tr>
          );
        })}
      </ScrollTable>
    </>
  );
}

const HEADS = ["greenhouse_place", "greenhouse_lowest", "greenhouse_mean", "greenhouse_highest", "greenhouse_hours_known"] as const;

function cellText(overview: Overview, quantity: string, [row, hour]: readonly [number, number], format: (value: number) => string): string {
  const place = overview.map.places[row];
  const atMs = overview.map.time_ms[hour];
  if (place === undefined || atMs === undefined) return "";
  const value = place.channels[quantity]?.[hour] ?? null;
  const when = formatInstant(atMs, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const text = value === null ? reasonText("insufficient_data") : format(value);
  return `${zoneText(place.name)}${translate("comma")}${when}: ${text}`;
}

/** Draw a cell a pixel, which the page stretches; an hour without a value stays empty. */
function draw(canvas: HTMLCanvasElement | null, { map }: Overview, quantity: string, low: number, high: number): void {
  const context = canvas?.getContext("2d") ?? null;
  if (context === null) return;
  const hours = map.time_ms.length;
  const image = context.createImageData(hours, map.places.length);
  for (const [row, place] of map.places.entries()) {
    for (const [hour, value] of (place.channels[quantity] ?? []).entries()) {
      if (value !== null) image.data.set([...colour(high > low ? (value - low) / (high - low) : 0.5), 255], 4 * (row * hours + hour));
    }
  }
  context.putImageData(image, 0, 0);
}

function colour(share: number): [number, number, number] {
  const [from, to, part] = share < 0.5 ? [LOW, MIDDLE, share * 2] : [MIDDLE, HIGH, share * 2 - 1];
  return [0, 1, 2].map((index) => Math.round((from[index] as number) + part * ((to[index] as number) - (from[index] as number)))) as [
    number,
    number,
    number,
  ];
}
