// Zones of a prescription on a map: their rates by colour, and by value where a zone is pointed at.

import "../i18n/field";
import "../i18n/field_work";
import "../i18n/map_legend";
import "../i18n/map_tools";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { useLastChoice } from "../app/mount";
import { fieldFeatures, zoneFeatures, type FieldRecord } from "../api/registry";
import { request } from "../api/request";
import { fieldEdge, fieldFill, untreatedLayers } from "../components/field_layers";
import { boundsOf, MapView } from "../components/map";
import { areaText, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import type { Prescription, ZoneMap } from "./records";
import { NO_VALUE, rateColours } from "./zone_colours";

export function ZonesMap({ field, prescription }: { field: FieldRecord; prescription: Prescription }): JSX.Element {
  const map = useMemo(() => new MapView(translate("field_map", { name: field.name })), [field.name]);
  const last = useLastChoice();
  useEffect(() => () => map.close(), [map]);
  useEffect(() => {
    void last
      .run(async ({ signal, of }) => {
        const options = { query: { format: "geojson" }, signal, headers: { Accept: "*/*" } };
        const zones = request<ZoneMap>(`/v1/prescriptions/${prescription.id}/export`, options);
        const [, drawn] = await of(Promise.all([map.ready, zones]));
        draw(map, field, prescription, drawn);
      })
      .catch(() => undefined);
    return () => last.end();
  }, [map, prescription.id]);
  return <DomNode node={map.element} class="outline-map" />;
}

function draw(map: MapView, field: FieldRecord, { zones, unit }: Prescription, drawn: ZoneMap): void {
  const colours = rateColours(zones.map(({ rate_ha }) => rate_ha));
  const pairs = colours.flatMap((colour, index) => [index, colour]);
  const outline = fieldFeatures([field]);
  map.setSource("outline", outline, [fieldFill(map, "outline-fill", 0.2)]);
  map.setSource("zones", drawn, [
    {
      id: "zones-fill",
      type: "fill",
      paint: {
        "fill-color": (colours.length > 1 ? ["match", ["get", "zone"], ...pairs, NO_VALUE] : (colours[0] ?? NO_VALUE)) as never,
        "fill-opacity": 0.85,
      },
      means: zones.map(({ rate_ha }, index) => ({ colour: colours[index] ?? NO_VALUE, text: withUnit(rate_ha, unit) })),
    },
    {
      id: "zones-line",
      type: "line",
      paint: { "line-color": map.colour("--ink"), "line-width": 0.8 },
      means: { colour: map.colour("--ink"), text: translate("legend_zone_edge") },
    },
  ]);
  map.setSource("untreated", zoneFeatures([field]), untreatedLayers("untreated"));
  map.setSource("edges", outline, [fieldEdge(map, "edges-line")]);
  map.tell("zones-fill", ({ properties }) => {
    const zone = zones[Number(properties["zone"])];
    return zone === undefined ? null : zoneText(Number(properties["zone"]), zone, unit);
  });
  map.layers?.add({
    id: "prescription",
    title: translate("tool_layer_zones"),
    layers: ["zones-fill", "zones-line"],
  });
  map.layers?.add({ id: "edges", title: translate("tool_layer_edges"), layers: ["edges-line", "untreated-fill", "untreated-line"] });
  map.fit(boundsOf(outline), 30);
}

/** Return what a zone gets as one sentence. */
export function zoneText(index: number, zone: { rate_ha: number; area_ha: number; amount: number }, unit: string): string {
  return translate("work_zone_told", {
    n: index + 1,
    rate: withUnit(zone.rate_ha, unit),
    area: areaText(zone.area_ha * 10_000),
    amount: withUnit(zone.amount, unit.replace("/ha", ""), 1),
  });
}
