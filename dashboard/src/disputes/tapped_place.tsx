// Place of a dispute by a tap: the map of a pass, and the evidence for the cell that is tapped.

import "../i18n/cooperative";
import "../i18n/field";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import type { FieldRecord } from "../api/registry";
import { errorText, requestResponse } from "../api/request";
import { useView } from "../app/mount";
import { CellGrid } from "../field/cell_grid";
import { EvidencePanel } from "../field/evidence_panel";
import { FieldMap } from "../field/field_map";
import { translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { ErrorText } from "../ui/error_text";

const TIMEOUT_MS = 120_000;

export interface TappedPlaceProps {
  field: FieldRecord;
  pass: string;
  /** Called with the middle of a cell whose evidence is displayed. */
  onPlace: (latitudeDeg: number, longitudeDeg: number) => void;
}

export function TappedPlace({ field, pass, onPlace }: TappedPlaceProps): JSX.Element {
  const { signal } = useView();
  const [error, setError] = useState<string | null>(null);
  const [drawn, setDrawn] = useState(false);
  const { map, evidence } = useMemo(() => {
    const evidence = new EvidencePanel(signal, ({ cell }) => {
      map.markCell(cell.west_deg, cell.south_deg, cell.east_deg, cell.north_deg);
      onPlace((cell.south_deg + cell.north_deg) / 2, (cell.west_deg + cell.east_deg) / 2);
    });
    const map = new FieldMap(field, (longitudeDeg, latitudeDeg) => void evidence.show(pass, {}, longitudeDeg, latitudeDeg));
    map.setLayer("applied");
    return { map, evidence };
  }, []);
  useEffect(() => {
    const draw = async (): Promise<void> => {
      const options = { signal, query: { format: "safetensors" }, headers: { Accept: "*/*" }, timeoutMs: TIMEOUT_MS };
      const answer = await requestResponse(`/v1/passes/${encodeURIComponent(pass)}/cells`, options);
      const cells = CellGrid.read(await answer.arrayBuffer());
      await map.view.ready.catch(() => undefined);
      map.drawCells(cells);
      setDrawn(true);
    };
    draw().catch((failure: unknown) => setError(errorText(failure)));
    return () => map.view.close();
  }, []);
  return (
    <div class="field-layout" data-panel="dispute-map" data-pass={pass} data-drawn={drawn}>
      <div class="field-left">
        <p class="note">{translate("coop_dispute_tap")}</p>
        <ErrorText error={error} />
        <DomNode node={map.element} />
      </div>
      <DomNode node={evidence.element} />
    </div>
  );
}
