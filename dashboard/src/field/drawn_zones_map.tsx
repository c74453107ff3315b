// Map on which the zones of a prescription are drawn.

import "../i18n/field";
import "../i18n/map_legend";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { fieldFeatures, zoneFeatures, type FieldRecord } from "../api/registry";
import { make } from "../components/dom";
import { fieldEdge, fieldFill, untreatedLayers } from "../components/field_layers";
import type { LegendItem } from "../components/legend";
import { boundsOf, NO_FEATURES, type MapView } from "../components/map";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { useDrawMap, type DrawHandlers } from "./draw_map";
import type { Tool } from "./draw_tool";
import { labelSpot, type DrawnZone } from "./drawn_zones_model";
import { NO_VALUE } from "./zone_colours";

interface DrawnZonesMapProps extends DrawHandlers {
  field: FieldRecord;
  zones: readonly DrawnZone[];
  colours: readonly string[];
  /** By zone its rate with its unit; null where none is entered. */
  rateTexts: readonly (string | null)[];
  tool: Tool;
}

export function DrawnZonesMap({ field, zones, colours, rateTexts, tool, ...handlers }: DrawnZonesMapProps): JSX.Element {
  const labels = useRef(0);
  const { map, ready } = useDrawMap(translate("field_map", { name: field.name }), (view) => addLayers(view, field), handlers, [
    tool,
    zones.flatMap(({ parts }) => parts),
    tool === "corners" ? zones : null,
  ]);
  useEffect(() => {
    if (!ready) return;
    const features = zones.map(({ parts }, index) => ({
      type: "Feature" as const,
      properties: { colour: colours[index] ?? NO_VALUE, text: rateTexts[index] ?? null },
      geometry: { type: "MultiPolygon" as const, coordinates: parts },
    }));
    map.setSource("zones", { type: "FeatureCollection", features }, []);
    for (let index = 0; index < Math.max(labels.current, zones.length); index += 1) {
      const ring = zones[index]?.parts[0]?.[0];
      map.removeMarker(`zone-${index}`);
      const means = { colour: "", text: translate("legend_zone_number"), shape: "number" } as const;
      if (ring !== undefined)
        map.setMarker(`zone-${index}`, make("span", { class: "mark zone-mark" }, String(index + 1)), means, labelSpot(ring));
    }
    labels.current = zones.length;
  }, [ready, zones, colours.join(), rateTexts.join()]);
  return <DomNode node={map.element} class="editor-map" />;
}

function addLayers(map: MapView, field: FieldRecord): void {
  const outline = fieldFeatures([field]);
  map.setSource("outline", outline, [fieldFill(map, "outline-fill", 0.35)]);
  map.setSource("zones", NO_FEATURES, [
    { id: "zones-fill", type: "fill", paint: { "fill-color": ["get", "colour"] as never, "fill-opacity": 0.8 }, means: zoneItems },
    {
      id: "zones-line",
      type: "line",
      paint: { "line-color": map.colour("--ink"), "line-width": 1.5 },
      means: { colour: map.colour("--ink"), text: translate("legend_zone_edge") },
    },
  ]);
  map.setSource("barred", zoneFeatures([field]), untreatedLayers("barred"));
  map.setSource("edges", outline, [fieldEdge(map, "edges-line", 2.5)]);
  map.fit(boundsOf(outline), 30);
}

/** Return the rates of the zones by their colours; zones of equal rate have one. */
function zoneItems({ features }: GeoJSON.FeatureCollection): LegendItem[] {
  return features.map(({ properties }) => ({
    colour: String(properties?.["colour"]),
    text: (properties?.["text"] as string | null) ?? translate("legend_zone_open"),
  }));
}
