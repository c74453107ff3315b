// Controls of a pass's map: its layers, and the implement, rate, plan and cells that it is drawn with.

import "../i18n/field";
import type { ComponentChildren, JSX } from "preact";
import { LAYERS } from "../field/field_map";
import { toAreaUnit, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { keepSettings, withEntered, type MapForm } from "./map_form";
import type { PassPage } from "./pass_page";

const CELLS_M = [1, 2, 5, 10, 20];
const OPACITY = 0.88;

export function Layers({ page }: { page: PassPage }): JSX.Element {
  return (
    <fieldset class="choices-row layers">
      <legend class="hidden">{translate("field_layer")}</legend>
      {LAYERS.map((layer) => (
        <label key={layer}>
          <input type="radio" name="layer" value={layer} checked={page.layer.value === layer} onChange={() => page.chooseLayer(layer)} />{" "}
          {translate(`field_layer_${layer}`)}
        </label>
      ))}
      {(["cover", "track"] as const).map((overlay) => (
        <label key={overlay}>
          <input
            type="checkbox"
            name={overlay}
            defaultChecked
            onChange={(event) => page.map.setVisible(overlay, event.currentTarget.checked)}
          />{" "}
          {translate(`field_show_${overlay}`)}
        </label>
      ))}
      {/* A base map and the outline are under the cells. */}
      <label class="opacity">
        {translate("field_opacity")}{" "}
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          defaultValue={OPACITY}
          onInput={(event) => page.map.setOpacity(Number(event.currentTarget.value))}
        />
      </label>
    </fieldset>
  );
}

export function MapSettingsForm({ page }: { page: PassPage }): JSX.Element {
  const form = page.form.value;
  const change = (part: Partial<MapForm>): void => {
    page.form.value = withEntered({ ...form, ...part });
  };
  const unit = toAreaUnit(1, page.rateUnit()).unit;
  const number = { type: "number", inputMode: "decimal" } as const;
  return (
    <form
      class="choices-row draw"
      aria-label={translate("field_map_settings")}
      onSubmit={(event) => {
        event.preventDefault();
        keepSettings(page.form.value.entered, (name, value) => page.view.setQuery(name, value));
        void page.draw();
      }}
    >
      <Labelled id="draw-implement" text={translate("field_implement")}>
        <select
          id="draw-implement"
          value={form.implement}
          onChange={({ currentTarget: { value } }) => {
            // An implement sets the swath of the map; the pass itself is not changed.
            const swath = page.implements.value.find(({ id }) => id === value)?.swath_m;
            change({ implement: value, swath: String(swath ?? "") });
          }}
        >
          <option value="">{translate("field_implement_own")}</option>
          {page.implements.value.map(({ id, name, swath_m: swathM }) => (
            <option key={id} value={id}>
              {name + translate("in_brackets", { text: withUnit(swathM, "m") })}
            </option>
          ))}
        </select>
      </Labelled>
      <Labelled id="draw-swath" text={translate("field_swath")} hint={translate("field_swath_hint")}>
        <input
          id="draw-swath"
          {...number}
          min={0.5}
          max={100}
          step={0.1}
          value={form.swath}
          onInput={(event) => change({ swath: event.currentTarget.value })}
        />
      </Labelled>
      <Labelled id="draw-rate" text={translate("field_rate", { unit })} hint={translate("field_rate_hint")}>
        <input
          id="draw-rate"
          {...number}
          min={0.1}
          max={100_000}
          step="any"
          value={form.rate}
          onInput={(event) => change({ rate: event.currentTarget.value })}
        />
      </Labelled>
      <Labelled id="draw-prescription" text={translate("field_prescription")}>
        <select id="draw-prescription" value={form.prescription} onChange={(event) => change({ prescription: event.currentTarget.value })}>
          <option value="">{translate("field_prescription_own")}</option>
          {page.prescriptions.value.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </Labelled>
      <Labelled id="draw-cell" text={translate("field_cell")}>
        <select id="draw-cell" value={form.cell} onChange={(event) => change({ cell: event.currentTarget.value })}>
          <option value="">{translate("field_cell_auto")}</option>
          {CELLS_M.map((side) => (
            <option key={side} value={side}>
              {side}
            </option>
          ))}
        </select>
      </Labelled>
      <button type="submit" class="primary">
        {translate("field_draw")}
      </button>
    </form>
  );
}

interface LabelledProps {
  id: string;
  text: string;
  hint?: string;
  children: ComponentChildren;
}

function Labelled({ id, text, hint = "", children }: LabelledProps): JSX.Element {
  return (
    <div class="labelled">
      <label for={id}>{text}</label>
      {children}
      {hint === "" ? null : <span class="note">{hint}</span>}
    </div>
  );
}
