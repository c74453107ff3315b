// Small map of some fields, such as those that a file holds.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { boundsOf } from "../components/map";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { useMapView } from "../ui/map_view";

export function OutlineMap({ fields }: { fields: readonly FieldRecord[] }): JSX.Element {
  const { map, ready } = useMapView(translate("page_field"), () => undefined);
  useEffect(() => {
    if (!ready) return;
    const features = fieldFeatures(fields);
    map.setSource("fields", features, [
      { id: "fields-fill", type: "fill", paint: { "fill-color": map.colour("--field"), "fill-opacity": 0.4 } },
      { id: "fields-line", type: "line", paint: { "line-color": map.colour("--field-edge"), "line-width": 2 } },
    ]);
    map.fit(boundsOf(features), 30);
  }, [map, ready, fields]);
  return <DomNode node={map.element} class="outline-map" />;
}
