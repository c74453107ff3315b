// Small map of some fields, such as those that a file holds.

import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { fieldEdge, fieldFill } from "../components/field_layers";
import { boundsOf } from "../components/map";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { useMapView } from "../ui/map_view";

export function OutlineMap({ fields }: { fields: readonly FieldRecord[] }): JSX.Element {
  const { map, ready } = useMapView(translate("page_field"), () => undefined);
  useEffect(() => {
    if (!ready) return;
    const features = fieldFeatures(fields);
    map.setSource("fields", features, [fieldFill(map, "fields-fill", 0.4), fieldEdge(map, "fields-line")]);
    map.fit(boundsOf(features), 30);
  }, [map, ready, fields]);
  return <DomNode node={map.element} class="outline-map" />;
}
