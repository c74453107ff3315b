// Editor of a field's outline: draw, move corners, divide, cut a hole, exclude, add a buffer strip, undo; or enter the corners as text.

import { OwnerField, useOwnership } from "../people/owner_field";
import { onlyOf } from "../components/choice";
import "../i18n/field";
import "../i18n/map_legend";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { reload, useApiList } from "../api/query";
import { fieldFeatures, type FieldRecord } from "../api/registry";
import { errorText, request } from "../api/request";
import { useWrite, type BodyOf } from "../api/write";
import { hrefOfThing } from "../app/address";
import { fieldEdge, fieldFill, untreatedLayers } from "../components/field_layers";
import { boundsOf, type MapView, NO_FEATURES } from "../components/map";
import { MU_PER_HA, areaText, numberText } from "../i18n/numbers";
import { listText, translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { ErrorText } from "../ui/error_text";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { FormState } from "../ui/form_state";
import { showToast } from "../ui/overlays";
import { CornersText } from "./corners_text";
import { useDrawMap, type DrawHandlers } from "./draw_map";
import type { Tool } from "./draw_tool";
import { areaOf, geometryOf, NO_OUTLINE, partsOf, withHole, type Outline, type Part, type Ring } from "./outline_model";

type Action = "draw" | "corners" | "hole" | "exclude" | "split";

const TOOL_OF = { draw: "polygon", corners: "corners", hole: "polygon", exclude: "polygon", split: "linestring" } as const satisfies Record<
  Action,
  Tool
>;
const ACTIONS = ["draw", "corners", "hole", "exclude", "split"] as const;
const REFRESH = ["/v1/fields", "/v1/fields/{thing}", "/v1/fields/shared-ground"] as const;

interface EditAnswer {
  items: { geometry: { type: string; coordinates: unknown }; area_m2: number }[];
}

/** Edit `field`, or draw a new one. */
export function OutlineEditor({ field }: { field: FieldRecord | null }): JSX.Element {
  const fields = useApiList("/v1/fields", {});
  const [history, setHistory] = useState<readonly Outline[]>([field === null ? NO_OUTLINE : outlineOf(field)]);
  const outline = history.at(-1) ?? NO_OUTLINE;
  const [action, setAction] = useState<Action | null>(field === null ? "draw" : null);
  const [drawing, setDrawing] = useState<Ring | null>(null);
  const [moving, setMoving] = useState<Part[] | null>(null);
  const [problem, setProblem] = useState("");
  const push = (next: Outline): void => {
    setProblem("");
    setHistory((states) => [...states, next]);
  };
  const undo = (): void => {
    setProblem("");
    setHistory((states) => (states.length > 1 ? states.slice(0, -1) : states));
    if (action === "corners") setAction(null);
  };
  const edit = async (more: { split_by?: Ring; strip_m?: number }): Promise<Part[][]> => {
    try {
      const answer = await request<EditAnswer>("/v1/fields/outline", {
        method: "POST",
        body: { geometry: geometryOf(outline.parts), ...more },
      });
      return answer.items.map(({ geometry }) => partsOf(geometry));
    } catch (error) {
      setProblem(errorText(error) ?? "");
      return [];
    }
  };
  const onDrawn = async (points: Ring): Promise<void> => {
    if (action === "draw") push({ ...outline, parts: [...outline.parts, [points]] });
    if (action === "hole") {
      const parts = withHole(outline.parts, points);
      if (parts === null) setProblem(translate("work_hole_outside"));
      else push({ ...outline, parts });
    }
    if (action === "exclude") {
      const name = translate("work_zone_exclusion", { n: outline.zones.length + 1 });
      push({ ...outline, zones: [...outline.zones, { kind: "exclusion", name, parts: [[points]], width_m: null }] });
    }
    if (action === "split") {
      const [first, ...others] = await edit({ split_by: points });
      if (first !== undefined) push({ ...outline, parts: first, others: [...outline.others, ...others] });
    }
  };
  const addStrip = async (widthM: number): Promise<void> => {
    const [strip] = await edit({ strip_m: widthM });
    if (strip === undefined || strip.length === 0) return;
    const name = translate("work_zone_buffer", { width: numberText(widthM, 1) });
    push({
      ...outline,
      zones: [...outline.zones.filter(({ kind }) => kind !== "buffer"), { kind: "buffer", name, parts: strip, width_m: widthM }],
    });
  };
  const areaM2 = areaOf(moving ?? outline.parts) + (drawing !== null && action === "draw" ? areaOf([[drawing]]) : 0);
  return (
    <section class="card editor" data-panel="editor">
      <div class="choices-row" role="toolbar" aria-label={translate("work_tools")}>
        {ACTIONS.filter((each) => each === "draw" || outline.parts.length > 0).map((each) => (
          <button
            key={each}
            type="button"
            class="secondary"
            data-act={each}
            aria-pressed={action === each}
            onClick={() => {
              setMoving(null);
              setAction(action === each ? null : each);
            }}
          >
            {translate(`work_tool_${each}`)}
          </button>
        ))}
        <button type="button" class="secondary" data-act="undo" disabled={history.length < 2} onClick={undo}>
          {translate("undo")}
        </button>
      </div>
      <p class="note" role="status">
        {action === null ? translate("work_tool_none") : translate(`work_hint_${action}`)}
      </p>
      <EditorMap
        outline={moving === null ? outline : { ...outline, parts: moving }}
        shown={outline}
        action={action}
        fields={(fields.data ?? []).filter(({ id }) => id !== field?.id)}
        onDrawn={(points) => void onDrawn(points)}
        onDrawing={setDrawing}
        onMoved={(parts, over) => {
          setMoving(over ? null : parts);
          if (over) push({ ...outline, parts });
        }}
      />
      <p class="editor-area" role="status" data-area={Math.round(areaM2)}>
        {translate("work_area_both", { ha: numberText(areaM2 / 10_000, 3), mu: numberText((areaM2 / 10_000) * MU_PER_HA, 2) })}
      </p>
      {outline.others.length > 0 ? (
        <p class="note">{translate("work_others", { areas: listText(outline.others.map((parts) => areaText(areaOf(parts)))) })}</p>
      ) : null}
      <ErrorText error={problem} />
      {outline.parts.length > 0 ? <StripForm onStrip={addStrip} /> : null}
      {outline.zones.map((zone, index) => (
        <p key={`${zone.kind}-${zone.name}`} class="note">
          {zone.name}{" "}
          <button
            type="button"
            class="plain"
            aria-label={`${translate("delete")}: ${zone.name}`}
            onClick={() => push({ ...outline, zones: outline.zones.filter((_, at) => at !== index) })}
          >
            {translate("delete")}
          </button>
        </p>
      ))}
      <CornersText
        parts={outline.parts}
        onParts={(parts) => push({ ...outline, parts })}
        onBad={() => setProblem(translate("work_corners_bad"))}
      />
      <SaveForm field={field} outline={outline} onOutline={(made) => setHistory([made])} />
    </section>
  );
}

function outlineOf(field: FieldRecord): Outline {
  const zones = field.zones.map(({ kind, name, geometry, width_m }) => ({
    kind,
    name,
    parts: partsOf(geometry),
    width_m: width_m ?? null,
  }));
  return { parts: partsOf(field.geometry), zones, others: [] };
}

interface EditorMapProps extends DrawHandlers {
  outline: Outline;
  /** Without the move that is under way. */
  shown: Outline;
  action: Action | null;
  fields: readonly FieldRecord[];
}

function EditorMap({ outline, shown, action, fields, ...handlers }: EditorMapProps): JSX.Element {
  const fitted = useRef(false);
  const { map, ready } = useDrawMap(translate("page_field"), addLayers, handlers, [
    action === null ? "none" : TOOL_OF[action],
    shown.parts,
    shown,
  ]);
  useEffect(() => {
    if (!ready) return;
    const feature = (parts: readonly Part[]): GeoJSON.Feature => ({
      type: "Feature",
      properties: {},
      geometry: { type: "MultiPolygon", coordinates: [...parts] },
    });
    const parts = [outline.parts, ...outline.others].filter((part) => part.length > 0);
    const own: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: parts.map(feature) };
    map.setSource("outline", own, []);
    map.setSource("zones", { type: "FeatureCollection", features: outline.zones.map(({ parts }) => feature(parts)) }, []);
    const around = fieldFeatures(fields);
    map.setSource("others", around, []);
    if (fitted.current || (outline.parts.length === 0 && around.features.length === 0)) return;
    fitted.current = true;
    map.fit(boundsOf(outline.parts.length > 0 ? own : around), 50);
  }, [ready, outline, fields]);
  return <DomNode node={map.element} class="editor-map" />;
}

function addLayers(map: MapView): void {
  const edge = map.colour("--field-edge");
  map.setSource("others", NO_FEATURES, [
    {
      id: "others-line",
      type: "line",
      paint: { "line-color": edge, "line-width": 1, "line-dasharray": [2, 2] },
      means: { colour: edge, text: translate("legend_other_fields"), shape: "dashed" },
    },
  ]);
  map.setSource("outline", NO_FEATURES, [fieldFill(map, "outline-fill", 0.4), fieldEdge(map, "outline-line", 2.5)]);
  map.setSource("zones", NO_FEATURES, untreatedLayers("zones"));
}

function StripForm({ onStrip }: { onStrip: (widthM: number) => Promise<void> }): JSX.Element {
  const [width, setWidth] = useState("");
  const id = useId();
  return (
    <div class="choices-row">
      <div class="labelled">
        <label for={id}>{translate("work_strip_width")}</label>
        <input
          id={id}
          type="number"
          min={0.5}
          max={100}
          step="any"
          inputMode="decimal"
          value={width}
          onInput={(event) => setWidth(event.currentTarget.value)}
        />
      </div>
      <button type="button" class="secondary" data-act="strip" disabled={!(Number(width) > 0)} onClick={() => void onStrip(Number(width))}>
        {translate("work_strip_add")}
      </button>
    </div>
  );
}

function SaveForm({
  field,
  outline,
  onOutline,
}: {
  field: FieldRecord | null;
  outline: Outline;
  onOutline: (outline: Outline) => void;
}): JSX.Element {
  const farms = useApiList("/v1/farms", {});
  const add = useWrite("post", "/v1/fields", { refresh: REFRESH });
  const change = useWrite("put", "/v1/fields/{thing}", { refresh: REFRESH });
  const write = field === null ? add : change;
  const owned = useOwnership();
  const shapes = {
    geometry: geometryOf(outline.parts),
    zones: outline.zones.map(({ kind, name, parts, width_m }) => ({ kind, name, geometry: geometryOf(parts), width_m })),
  };
  const submit = async (values: FormValues): Promise<boolean | null> => {
    if (outline.parts.length === 0) return null;
    const name = values.text("name") || (field?.name ?? "");
    const farm = values.text("farm") || field?.farm || onlyOf(farms.data)?.id || "";
    const owner = field === null ? values.text("owner") : (field.owner ?? "");
    const made: string[] = [];
    const site = field?.site ?? null;
    const body = { farm, name, owner, site, ...shapes } as unknown as BodyOf<"/v1/fields", "post">;
    const saved =
      field === null
        ? await add.run({ body })
        : await change.run({
            params: { path: { thing: field.id } },
            version: field.version,
            body: body as unknown as BodyOf<"/v1/fields/{thing}", "put">,
          });
    if (saved === null) return false;
    if (field === null && saved !== true) made.push((saved as FieldRecord).id);
    for (const [index, parts] of outline.others.entries()) {
      const part = { farm, name: `${name} ${index + 2}`, owner, site, geometry: geometryOf(parts), zones: [] };
      const stored = await add.run({ body: part as unknown as BodyOf<"/v1/fields", "post"> });
      if (stored === null) return false;
      if (field === null && stored !== true) made.push((stored as FieldRecord).id);
    }
    await owned.save(values, made);
    showToast(translate("saved"));
    onOutline({ ...outline, others: [] });
    await reload(...REFRESH);
    if (field === null && saved !== true) location.hash = hrefOfThing({ kind: "field", id: (saved as FieldRecord).id });
    return true;
  };
  return (
    <Form name="outline" submit={translate("work_save_field")} write={write} onSubmit={submit}>
      <FormState name="outline" value={outline} basis={String(field?.version ?? "")} onRestore={onOutline} />
      {field === null ? (
        <div class="choices-row">
          <TextField name="name" label={translate("work_name")} required maxLength={190} />
          <OwnerField field={null} />
          {(farms.data?.length ?? 0) > 1 ? (
            <SelectField
              name="farm"
              label={translate("work_farm")}
              required
              options={(farms.data ?? []).map(({ id, name }) => ({ value: id, text: name }))}
            />
          ) : null}
        </div>
      ) : null}
    </Form>
  );
}
