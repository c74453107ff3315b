// Drawing on a map with terra-draw: one polygon or line at a time, and the corners of rings that are there. Loaded when somebody draws.

import type { Map as MapLibreMap } from "maplibre-gl";
import { TerraDraw, TerraDrawLineStringMode, TerraDrawPolygonMode, TerraDrawSelectMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import { closed, type Part, type Ring } from "./outline_model";

export type Tool = "polygon" | "linestring" | "corners" | "none";

export interface DrawEvents {
  /** A polygon's ring or a line's points were finished. */
  onDrawn: (tool: "polygon" | "linestring", points: Ring) => void;
  /** A ring is being drawn; null at its end. */
  onDrawing: (ring: Ring | null) => void;
  /** Corners were moved: the parts as they are now, and whether the move is over. */
  onMoved: (parts: Part[], over: boolean) => void;
}

const SELECT_FLAGS = {
  polygon: { feature: { draggable: false, coordinates: { midpoints: true, draggable: true, deletable: true } } },
} as const;

export class DrawTool {
  readonly #draw: TerraDraw;
  readonly #events: DrawEvents;
  #tool: Tool = "none";
  #sizes: number[] = [];

  constructor(map: MapLibreMap, events: DrawEvents) {
    this.#events = events;
    this.#draw = new TerraDraw({
      adapter: new TerraDrawMapLibreGLAdapter({ map }),
      modes: [
        new TerraDrawPolygonMode({ pointerDistance: 30 }),
        new TerraDrawLineStringMode({ pointerDistance: 30 }),
        new TerraDrawSelectMode({ flags: SELECT_FLAGS, pointerDistance: 30 }),
      ],
    });
    this.#draw.start();
    this.#draw.on("finish", (id, { action }) => {
      if (this.#tool === "corners") this.#events.onMoved(this.#parts(), true);
      else if (action === "draw") this.#take(id);
    });
    this.#draw.on("change", (_ids, kind) => {
      if (this.#tool === "corners" && kind === "update") this.#events.onMoved(this.#parts(), false);
      if (this.#tool === "polygon" && kind !== "delete") {
        const drawn = this.#draw
          .getSnapshot()
          .find(({ geometry, properties }) => geometry.type === "Polygon" && properties["mode"] === "polygon");
        this.#events.onDrawing(drawn ? (drawn.geometry.coordinates[0] as Ring) : null);
      }
    });
  }

  /** Take up a tool; for corners `parts` are what is moved. */
  setTool(tool: Tool, parts: readonly Part[] = []): void {
    this.#tool = "none";
    this.#draw.clear();
    this.#sizes = parts.map((part) => part.length);
    if (tool === "corners") {
      const rings = parts.flat();
      const features = rings.map((ring, index) => ({
        type: "Feature" as const,
        properties: { mode: "polygon", ring: index },
        geometry: { type: "Polygon" as const, coordinates: [closed(ring)] },
      }));
      const added = this.#draw.addFeatures(features);
      this.#draw.setMode("select");
      if (added[0]?.id !== undefined) this.#draw.selectFeature(added[0].id);
    } else this.#draw.setMode(tool === "none" ? "select" : tool);
    this.#tool = tool;
  }

  close(): void {
    this.#draw.stop();
  }

  #take(id: string | number): void {
    const feature = this.#draw.getSnapshotFeature(id);
    const tool = this.#tool;
    if (!feature || (tool !== "polygon" && tool !== "linestring")) return;
    const points = (tool === "polygon" ? feature.geometry.coordinates[0] : feature.geometry.coordinates) as Ring;
    // Not within its own event.
    queueMicrotask(() => {
      this.#draw.removeFeatures([id]);
      this.#events.onDrawing(null);
      this.#events.onDrawn(tool, tool === "polygon" ? closed(points) : points);
    });
  }

  #parts(): Part[] {
    const rings: Ring[] = [];
    for (const { geometry, properties } of this.#draw.getSnapshot()) {
      if (geometry.type === "Polygon" && typeof properties["ring"] === "number")
        rings[properties["ring"]] = closed(geometry.coordinates[0] ?? []);
    }
    return this.#sizes.map((size) => rings.splice(0, size));
  }
}
