// A map with a tool to draw on it.

import { useEffect, useRef } from "preact/hooks";
import type { MapGeoJSONFeature } from "maplibre-gl";
import type { LegendItem } from "../components/legend";
import type { MapView } from "../components/map";
import "../i18n/map_legend";
import { translate } from "../i18n/translate";
import { useMapView } from "../ui/map_view";
import type { DrawTool, Tool } from "./draw_tool";
import type { Part, Ring } from "./outline_model";

/** Layers of the tool begin with it. */
const DRAWN = "td-";

export interface DrawHandlers {
  onDrawn: (ring: Ring) => void;
  onDrawing: (ring: Ring | null) => void;
  onMoved: (parts: Part[], over: boolean) => void;
}

/**
 * Return a map that has what `draw` puts on it, and whether it is there. The tool takes the `corners` when it is taken up or `of` changes;
 * while they are moved it has them.
 */
export function useDrawMap(
  name: string,
  draw: (map: MapView) => void,
  handlers: DrawHandlers,
  [tool, corners, of]: [tool: Tool, corners: Part[], of: unknown],
): { map: MapView; ready: boolean } {
  const drawing = useRef<DrawTool | null>(null);
  // The tool's listeners live as long as the map; they call the newest functions.
  const events = useRef(handlers);
  events.current = handlers;
  const { map, ready } = useMapView(
    name,
    (view, { DrawTool }) => {
      if (view.map === null) return;
      draw(view);
      const { map } = view;
      view.legend.explain(() => map.getStyle().layers.flatMap(({ id }) => (id.startsWith(DRAWN) ? [id] : [])), drawnItem);
      const made = new DrawTool(view.map, {
        onDrawn: (_, points) => events.current.onDrawn(points),
        onDrawing: (ring) => events.current.onDrawing(ring),
        onMoved: (parts, over) => events.current.onMoved(parts, over),
      });
      drawing.current = made;
      return () => made.close();
    },
    () => import("./draw_tool"),
  );
  useEffect(() => {
    if (ready) drawing.current?.setTool(tool, tool === "corners" ? corners : []);
  }, [ready, tool, of]);
  return { map, ready };
}

/** Return what a shape of the tool is: it is in the tool's own colours. */
function drawnItem({ layer, properties }: MapGeoJSONFeature): LegendItem {
  const paint = layer.paint as Record<string, unknown>;
  const colour = String(paint[`${layer.type}-color`] ?? "");
  if (layer.type !== "circle") return { colour, text: translate("legend_drawing") };
  return { colour, text: translate(properties["midPoint"] === true ? "legend_between" : "legend_corner"), shape: "dot" };
}
