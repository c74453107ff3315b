// New prescription from zones that a person draws: a rate for each, areas and amounts while drawing, and what no zone covers.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { request } from "../api/request";
import { useWrite, type BodyOf } from "../api/write";
import { usePreview, type Preview } from "../app/preview";
import { areaText, areaUnitsPerHa, toAreaUnit, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { Form, type FormValues } from "../ui/form";
import { FormState } from "../ui/form_state";
import { noteSaved } from "../ui/overlays";
import { CornersText } from "./corners_text";
import { DrawnZonesMap } from "./drawn_zones_map";
import { cellOf, orderOf, rateHaOf, withMoved, type DrawnZone } from "./drawn_zones_model";
import { areaOf, partsOf, type Part, type Ring } from "./outline_model";
import { type Given, givenOf, PrescriptionFields } from "./prescription_fields";
import type { Prescription } from "./records";
import { rateColours } from "./zone_colours";
import { ZoneKey } from "./zone_key";

const NOT_ASKED: Preview<Prescription> = { answer: null, problem: "" };

interface DrawnPrescriptionProps {
  field: FieldRecord;
  onMade: (id: string) => void;
  start?: Given;
}

export function DrawnPrescription({ field, onMade, start }: DrawnPrescriptionProps): JSX.Element {
  const [history, setHistory] = useState<readonly (readonly DrawnZone[])[]>([[]]);
  const zones = history.at(-1) ?? [];
  const [tool, setTool] = useState<"polygon" | "corners" | "none">("none");
  const [drawing, setDrawing] = useState<Ring | null>(null);
  const [moving, setMoving] = useState<Part[] | null>(null);
  const [problem, setProblem] = useState("");
  const [product, setProduct] = useState(start?.product ?? "");
  const products = useApiList("/v1/products", {});
  const unit = products.data?.find(({ id }) => id === product)?.kind === "liquid" ? "L/ha" : "kg/ha";
  const shown = moving === null ? zones : withMoved(zones, moving);
  const rates = zones.map((zone) => rateHaOf(zone, areaUnitsPerHa()));
  // The station has the cells that machines get. A zone without a rate counts with 0.
  const rated = rates.map((rate) => rate ?? 0);
  const order = shown.length === 0 ? "" : JSON.stringify({ ...orderOf(field, shown, rated), product: product || null });
  const asked = usePreview(order, (text, signal) =>
    request<Prescription>("/v1/prescriptions/preview", { method: "POST", body: JSON.parse(text), signal }),
  );
  const preview = order === "" ? NOT_ASKED : asked;
  const colours = rateColours(rates);
  const push = (next: readonly DrawnZone[]): void => {
    setProblem("");
    setHistory((states) => [...states, next]);
  };
  const undo = (): void => {
    setProblem("");
    if (tool === "corners") setTool("none");
    setHistory((states) => (states.length > 1 ? states.slice(0, -1) : states));
  };
  const take = (name: typeof tool): void => {
    setMoving(null);
    setTool(tool === name ? "none" : name);
  };
  return (
    <div class="stack" data-panel="draw-zones">
      <p class="note">{translate("work_zones_about")}</p>
      <div class="choices-row" role="toolbar" aria-label={translate("work_tools")}>
        <button type="button" class="secondary" data-act="zone" aria-pressed={tool === "polygon"} onClick={() => take("polygon")}>
          {translate("work_zones_draw_one")}
        </button>
        <button
          type="button"
          class="secondary"
          data-act="corners"
          aria-pressed={tool === "corners"}
          disabled={zones.length === 0}
          onClick={() => take("corners")}
        >
          {translate("work_tool_corners")}
        </button>
        <button
          type="button"
          class="secondary"
          data-act="rest"
          onClick={() => push([{ parts: partsOf(field.geometry), rate: "" }, ...zones])}
        >
          {translate("work_zones_rest")}
        </button>
        <button type="button" class="secondary" data-act="undo" disabled={history.length < 2} onClick={undo}>
          {translate("undo")}
        </button>
      </div>
      <p class="note" role="status">
        {drawing !== null
          ? translate("work_zones_drawing", { area: areaText(areaOf([[drawing]])) })
          : translate(tool === "polygon" ? "work_hint_draw" : tool === "corners" ? "work_hint_corners" : "work_tool_none")}
      </p>
      <DrawnZonesMap
        field={field}
        zones={zones}
        colours={colours}
        rateTexts={rates.map((rate) => (rate === null ? null : withUnit(rate, unit)))}
        tool={tool}
        onDrawn={(ring) => push([...zones, { parts: [[ring]], rate: "" }])}
        onDrawing={setDrawing}
        onMoved={(parts, over) => {
          setMoving(over ? null : parts);
          if (over) push(withMoved(zones, parts));
        }}
      />
      <ZoneRows
        zones={zones}
        rates={rates}
        unit={unit}
        colours={colours}
        preview={preview.answer}
        onRate={(index, rate) => setHistory((states) => [...states.slice(0, -1), replaced(zones, index, rate)])}
        onDelete={(index) => push(zones.filter((_, at) => at !== index))}
      />
      {zones.length > 0 ? <Left prescription={preview.answer} cellM={cellOf(field)} /> : null}
      <CornersText
        key={zones.length}
        title={translate("work_zones_corners")}
        parts={[]}
        onParts={(parts) => push([...zones, { parts, rate: "" }])}
        onBad={() => setProblem(translate("work_corners_bad"))}
      />
      {[problem, preview.problem].filter(Boolean).map((text) => (
        <p key={text} class="error" role="alert">
          {text}
        </p>
      ))}
      <SaveForm
        field={field}
        zones={zones}
        rates={rates}
        start={start}
        onProduct={setProduct}
        onSaved={onMade}
        onZones={(made) => setHistory([made])}
      />
    </div>
  );
}

function replaced(zones: readonly DrawnZone[], index: number, rate: string): DrawnZone[] {
  return zones.map((zone, at) => (at === index ? { ...zone, rate } : zone));
}

interface ZoneRowsProps {
  zones: readonly DrawnZone[];
  rates: readonly (number | null)[];
  unit: string;
  colours: readonly string[];
  preview: Prescription | null;
  onRate: (index: number, rate: string) => void;
  onDelete: (index: number) => void;
}

function ZoneRows({ zones, rates, unit, colours, preview, onRate, onDelete }: ZoneRowsProps): JSX.Element {
  if (zones.length === 0) return <p class="note">{translate("work_zones_none")}</p>;
  const amountUnit = unit.replace("/ha", "");
  // The answer to the zones before a deletion has others.
  const told = preview?.zones.length === zones.length ? preview.zones : [];
  return (
    <>
      <ul class="plain-list zone-rows">
        {zones.map((zone, index) => (
          <li key={index} data-zone={index + 1}>
            <ZoneKey colour={colours[index] ?? ""} /> <strong>{index + 1}</strong>
            <span class="with-unit">
              <input
                type="number"
                min={0}
                step="any"
                inputMode="decimal"
                aria-label={translate("work_zones_rate_of", { n: index + 1 })}
                value={zone.rate}
                onInput={(event) => onRate(index, event.currentTarget.value)}
              />
              <span class="unit">{toAreaUnit(1, unit).unit}</span>
            </span>
            <span class="zone-told">
              {told[index] === undefined ? "…" : areaText(told[index].area_ha * 10_000)}
              {told[index] !== undefined && rates[index] !== null ? ` · ${withUnit(told[index].amount, amountUnit, 1)}` : ""}
            </span>
            <button
              type="button"
              class="plain"
              aria-label={translate("work_zones_delete", { n: index + 1 })}
              onClick={() => onDelete(index)}
            >
              {translate("delete")}
            </button>
          </li>
        ))}
      </ul>
      <p class="editor-area" role="status" data-total>
        {rates.includes(null)
          ? translate("work_zones_needs_rates")
          : preview === null
            ? "…"
            : translate("work_zones_total", {
                area: areaText(preview.zones.reduce((sum, { area_ha }) => sum + area_ha, 0) * 10_000),
                amount: withUnit(preview.total, amountUnit, 1),
              })}
      </p>
    </>
  );
}

function Left({ prescription, cellM }: { prescription: Prescription | null; cellM: number }): JSX.Element | null {
  const leftHa = prescription?.method["area_without_zone_ha"];
  if (typeof leftHa !== "number") return null;
  return (
    <p class={leftHa > 0 ? "warning-note" : "note"} role="status" data-left={leftHa > 0 ? "some" : "none"}>
      {leftHa > 0 ? translate("work_zones_left", { area: areaText(leftHa * 10_000) }) : translate("work_zones_all")}{" "}
      {translate("work_zones_cells", { cell: cellM })}
    </p>
  );
}

interface SaveFormProps {
  field: FieldRecord;
  start: Given | undefined;
  zones: readonly DrawnZone[];
  rates: readonly (number | null)[];
  onProduct: (id: string) => void;
  onSaved: (id: string) => void;
  onZones: (zones: readonly DrawnZone[]) => void;
}

function SaveForm({ field, zones, rates, start, onProduct, onSaved, onZones }: SaveFormProps): JSX.Element {
  const [problem, setProblem] = useState("");
  const make = useWrite("post", "/v1/prescriptions", { refresh: ["/v1/prescriptions"], timeoutMs: 120_000 });
  const submit = async (values: FormValues): Promise<boolean | null> => {
    const given = rates.filter((rate) => rate !== null);
    const isMissing = zones.length === 0 || given.length < zones.length;
    setProblem(isMissing ? translate(zones.length === 0 ? "work_zones_none" : "work_zones_needs_rates") : "");
    if (isMissing) return null;
    const body = {
      ...orderOf(field, zones, given),
      ...givenOf(values),
    };
    const made = await make.run({ body: body as unknown as BodyOf<"/v1/prescriptions", "post"> });
    if (!noteSaved(made, translate("work_made"))) return false;
    onZones([]);
    onProduct("");
    if (made !== true) onSaved((made as Prescription).id);
    return true;
  };
  return (
    <Form name="drawn_prescription" submit={translate("work_make")} write={make} onSubmit={submit}>
      <FormState name="zones" value={zones} onRestore={onZones} />
      <PrescriptionFields field={field} onProduct={onProduct} start={start} />
      <ErrorText error={problem} />
    </Form>
  );
}
