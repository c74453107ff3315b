// Map of a grid of numbers: one of its layers by classes of colour with their legend, and points over it.

import { chosenOf } from "../components/choice";
import "../i18n/field";
import "../i18n/map_legend";
import "../i18n/yields";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { fieldEdge, fieldFill } from "../components/field_layers";
import type { LegendItem } from "../components/legend";
import { boundsOf, NO_FEATURES, type Features } from "../components/map";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { useMapView } from "../ui/map_view";
import { useUniqueId } from "../ui/unique_id";
import { classOf, paintCells, type ColourClass } from "./colour_classes";
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
  /** Points with their `colour` and what it means, `text`. */
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
    const means = { colour: map.colour("--field"), text: translate("yield_unknown") };
    map.setSource("outline", outline, [{ ...fieldFill(map, "outline-fill", 0.25), means }]);
    map.setSource("edges", outline, [fieldEdge(map, "edges-line")]);
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
        means: pointItems,
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
    if (map.frame.dataset["state"] === "idle") map.frame.dataset["state"] = "loading";
    const picture = {
      canvas: paintCells(layer.values, layer.classes),
      west: place.west_deg,
      south: place.south_deg,
      east: place.west_deg + place.columns * place.east_step_deg,
      north: place.south_deg + place.rows * place.north_step_deg,
    };
    const known = layer.values.flat().filter((value): value is number => value !== null);
    const present = new Set(known.map((value) => classOf(value, layer.classes)));
    map.setPictures(
      "cells",
      [picture],
      OPACITY,
      "edges-line",
      layer.classes.filter((each) => present.has(each)),
    );
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
    </div>
  );
}

function pointItems({ features }: Features): LegendItem[] {
  return features.map(({ properties }) => ({ colour: String(properties?.["colour"]), text: String(properties?.["text"]), shape: "dot" }));
}
