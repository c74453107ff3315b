// Layers that maps share: fields, and the parts of them that are not treated.

import palette from "../../../headland/contract/palette.json";
import "../i18n/map_legend";
import { translate } from "../i18n/translate";
import type { MapLayer, MapView } from "./map";

export function fieldFill(map: MapView, id: string, opacity: number): MapLayer {
  const paint = { "fill-color": map.colour("--field"), "fill-opacity": opacity };
  return { id, type: "fill", paint, means: { colour: map.colour("--field"), text: translate("legend_field") } };
}

export function fieldEdge(map: MapView, id: string, widthPx = 2): MapLayer {
  const colour = map.colour("--field-edge");
  return { id, type: "line", paint: { "line-color": colour, "line-width": widthPx }, means: { colour, text: translate("legend_field") } };
}

/** Return the layers of exclusions and buffer strips, whose ids begin with `name`. */
export function untreatedLayers(name: string): MapLayer[] {
  const colour = palette.untreated_zone;
  const means = { colour, text: translate("legend_untreated") };
  return [
    { id: `${name}-fill`, type: "fill", paint: { "fill-color": colour, "fill-opacity": 0.3 }, means },
    {
      id: `${name}-line`,
      type: "line",
      paint: { "line-color": colour, "line-width": 1.5, "line-dasharray": [3, 2] },
      means: { ...means, shape: "dashed" },
    },
  ];
}
