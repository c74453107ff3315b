// Map of a trial's plots by their treatments.

import "../i18n/field";
import "../i18n/map_legend";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { elementOf } from "../components/element_of";
import { fieldEdge, fieldFill } from "../components/field_layers";
import type { LegendItem } from "../components/legend";
import { boundsOf, type Features } from "../components/map";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { useMapView } from "../ui/map_view";
import { treatmentColour } from "./records";

interface LayoutMapProps {
  field: FieldRecord;
  layout: Features | null;
  /** Their names, in the order of their numbers. */
  treatments: readonly string[];
  /** Show the plots alone, and not the whole field. */
  near?: boolean;
  /** Called with longitude and latitude of a place that was clicked. */
  onPlace?: (longitudeDeg: number, latitudeDeg: number) => void;
}

export function LayoutMap({ field, layout, treatments, near = false, onPlace }: LayoutMapProps): JSX.Element {
  const labels = useRef(0);
  const place = useRef(onPlace);
  place.current = onPlace;
  const { map, ready } = useMapView(translate("field_map", { name: field.name }), (map) => {
    const outline = fieldFeatures([field]);
    map.setSource("outline", outline, [fieldFill(map, "outline-fill", 0.3), fieldEdge(map, "outline-line")]);
    map.fit(boundsOf(outline), 30);
    map.map?.on("click", ({ lngLat }) => place.current?.(lngLat.lng, lngLat.lat));
  });
  useEffect(() => {
    if (!ready) return;
    const features = (layout?.features ?? []).map((each) => ({
      ...each,
      properties: {
        ...each.properties,
        colour: treatmentColour(Number(each.properties?.["treatment"])),
        text: treatments[Number(each.properties?.["treatment"])] || null,
      },
    }));
    const shown: Features = { type: "FeatureCollection", features };
    map.setSource("plots", shown, [
      {
        id: "plots-fill",
        type: "fill",
        paint: {
          "fill-color": ["get", "colour"] as never,
          "fill-opacity": 0.85,
        },
        means: treatmentItems,
      },
      {
        id: "plots-line",
        type: "line",
        paint: { "line-color": map.colour("--ink"), "line-width": 1 },
        means: { colour: map.colour("--ink"), text: translate("legend_plot_edge") },
      },
    ]);
    if (near && features.length > 0) map.fit(boundsOf(shown), 50);
    // Names where they fit: not among a hundred plots, nor where the whole field is shown.
    const named = near && shown.features.length <= 40 ? shown.features : [];
    for (let index = 0; index < Math.max(labels.current, named.length); index += 1) {
      map.removeMarker(`plot-${index}`);
      const feature = named[index];
      if (feature?.geometry.type !== "Polygon") continue;
      const ring = feature.geometry.coordinates[0] ?? [];
      const middle = (axis: 0 | 1): number => ring.slice(0, 4).reduce((sum, at) => sum + (at[axis] ?? 0), 0) / 4;
      const mark = elementOf(<span class="mark zone-mark">{String(feature.properties?.["name"])}</span>);
      const means = { colour: "", text: translate("legend_plot_name"), shape: "number" } as const;
      map.setMarker(`plot-${index}`, mark, means, [middle(0), middle(1)]);
    }
    labels.current = named.length;
  }, [ready, layout, near, treatments.join()]);
  return <DomNode node={map.element} class="outline-map" />;
}

function treatmentItems({ features }: Features): LegendItem[] {
  const items = features.map(({ properties }) => ({
    number: Number(properties?.["treatment"]),
    colour: String(properties?.["colour"]),
    text: (properties?.["text"] as string | null) ?? translate("legend_treatment", { n: Number(properties?.["treatment"]) + 1 }),
  }));
  return items.sort((a, b) => a.number - b.number);
}
