// Map of a grid of numbers: one of its layers by classes of colour with their legend, and points over it.

import { chosenOf } from "../components/choice";
import "../i18n/field";
import "../i18n/yields";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { boundsOf, NO_FEATURES, type Features } from "../components/map";
import { ZoneKey } from "../field/zone_key";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { useMapView } from "../ui/map_view";
import { useUniqueId } from "../ui/unique_id";
import { paintCells, type ColourClass } from "./colour_classes";
import type { Cells, GridPlace } from "./records";

export interface GridLayer {
  id: string;
  title: string;
  values: Cells;
  classes: readonly ColourClass[];
}

interface GridMapProps {
  field: FieldRecord;
  place: GridPlace;
  layers: readonly GridLayer[];
  /** What is told of a cell. */
  textOf: (row: number, column: number) => string | null;
  /** Points with their `colour`. */
  points?: Features | null;
}

const OPACITY = 0.88;

export function GridMap({ field, place, layers, textOf, points = null }: GridMapProps): JSX.Element {
  const [chosen, setChosen] = useState<string | null>(null);
  const name = useUniqueId();
  const [standing] = layers;
  const layer = chosenOf(layers, chosen, standing);
  const told = useRef({ place, textOf });
  told.current = { place, textOf };
  const { map, ready } = useMapView(translate("field_map", { name: field.name }), (map) => {
    const outline = fieldFeatures([field]);
    map.setSource("outline", outline, [
      { id: "outline-fill", type: "fill", paint: { "fill-color": map.colour("--field"), "fill-opacity": 0.25 } },
    ]);
    map.setSource("edges", outline, [
      { id: "edges-line", type: "line", paint: { "line-color": map.colour("--field-edge"), "line-width": 2 } },
    ]);
    map.setSource("points", NO_FEATURES, [
      {
        id: "points-circle",
        type: "circle",
        paint: {
          "circle-radius": 3,
          "circle-color": ["get", "colour"] as never,
          "circle-stroke-color": map.colour("--ink"),
          "circle-stroke-width": 0.5,
        },
      },
    ]);
    map.tellAt((longitudeDeg, latitudeDeg) => {
      const { rows, columns, west_deg: west, south_deg: south, east_step_deg: east, north_step_deg: north } = told.current.place;
      const [row, column] = [Math.floor((latitudeDeg - south) / north), Math.floor((longitudeDeg - west) / east)];
      return row < 0 || row >= rows || column < 0 || column >= columns ? null : told.current.textOf(row, column);
    });
    map.fit(boundsOf(outline), 30);
  });
  useEffect(() => {
    if (!ready || layer === undefined) return;
    if (map.element.dataset["state"] === "idle") map.element.dataset["state"] = "loading";
    const picture = {
      canvas: paintCells(layer.values, layer.classes),
      west: place.west_deg,
      south: place.south_deg,
      east: place.west_deg + place.columns * place.east_step_deg,
      north: place.south_deg + place.rows * place.north_step_deg,
    };
    map.setPictures("cells", [picture], OPACITY, "edges-line");
  }, [ready, layer, place]);
  useEffect(() => {
    if (ready) map.setSource("points", points ?? NO_FEATURES, []);
  }, [ready, points]);
  return (
    <div class="grid-map">
      {layers.length < 2 ? null : (
        <fieldset class="choices-row layers">
          <legend class="hidden">{translate("yield_layer")}</legend>
          {layers.map(({ id, title }) => (
            <label key={id}>
              <input type="radio" name={name} checked={id === layer?.id} onChange={() => setChosen(id)} /> {title}
            </label>
          ))}
        </fieldset>
      )}
      <DomNode node={map.element} class="outline-map" />
      <ul class="keys legend" aria-label={layer?.title}>
        {layer?.classes.map(({ colour, text }) => (
          <li key={text}>
            <ZoneKey colour={colour} /> {text}
          </li>
        ))}
        <li>
          <ZoneKey colour={map.colour("--field")} /> {translate("yield_unknown")}
        </li>
      </ul>
    </div>
  );
}
