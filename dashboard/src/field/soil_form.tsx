// Form for what is declared of a field's soil and irrigation.

import "../i18n/field_water";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { ParamsOf } from "../api/query";
import { translate, type TextKey } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextArea } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { NUMBERS, readGiven, type Declared, type NumberName } from "./declared_soil";

/** The least and the most of each number, as the API takes them. */
const LIMITS: Readonly<Record<NumberName, readonly [min: number, max: number]>> = {
  field_capacity_pct: [5, 70],
  wilting_point_pct: [1, 50],
  start_depleted: [0, 1],
  wetted: [0.05, 1],
  efficiency: [0.3, 1],
  most_mm: [0.1, 500],
  flow_m3_h: [0.1, 100_000],
  hours_a_day: [0.1, 24],
};

type Texture = NonNullable<NonNullable<ParamsOf<"/v1/fields/{thing}/water", "get">["query"]>["texture"]>;
const TEXTURE_NAMES: Readonly<Record<Texture, TextKey>> = {
  sand: "water_texture_sand",
  loamy_sand: "water_texture_loamy_sand",
  sandy_loam: "water_texture_sandy_loam",
  loam: "water_texture_loam",
  silt_loam: "water_texture_silt_loam",
  silt: "water_texture_silt",
  silty_clay_loam: "water_texture_silty_clay_loam",
  silty_clay: "water_texture_silty_clay",
  clay: "water_texture_clay",
};
export const TEXTURES = Object.keys(TEXTURE_NAMES) as Texture[];

interface SoilFieldsProps {
  given: { texture?: string | null } & { [Name in NumberName]?: number | null };
  names: readonly NumberName[];
}

/** Fields of a form for a soil, its losses and its pump: of an address, or of a zone's record. */
export function SoilFields({ given, names }: SoilFieldsProps): JSX.Element {
  return (
    <>
      <SelectField
        name="texture"
        label={translate("water_texture")}
        value={given.texture ?? null}
        none={translate("water_texture_none")}
        options={TEXTURES.map((value) => ({ value, text: translate(TEXTURE_NAMES[value]) }))}
      />
      {names.map((name) => (
        <NumberField
          key={name}
          name={name}
          label={translate(`water_${name}` as TextKey)}
          step="any"
          min={LIMITS[name][0]}
          max={LIMITS[name][1]}
          value={given[name] ?? null}
          hint={name === "wetted" ? translate("water_wetted_hint") : undefined}
        />
      ))}
    </>
  );
}

interface SoilFormProps {
  declared: Declared<Texture>;
  isOpen: boolean;
  onDeclare: (declared: Declared<Texture>) => void;
}

export function SoilForm({ declared, isOpen, onDeclare }: SoilFormProps): JSX.Element {
  const [problem, setProblem] = useState("");
  const submit = (values: FormValues): boolean => {
    const { given, wrong } = readGiven(values.text("irrigation"));
    setProblem(wrong === null ? "" : translate("water_given_wrong", { line: wrong }));
    if (wrong !== null) return false;
    const texture = TEXTURES.find((each) => each === values.text("texture"));
    const numbers = NUMBERS.flatMap((name) => {
      const value = values.number(name);
      return value === null ? [] : [[name, value]];
    });
    onDeclare({
      ...(texture === undefined ? {} : { texture }),
      ...Object.fromEntries(numbers),
      ...(given.length === 0 ? {} : { irrigation: given }),
    });
    return false;
  };
  return (
    <details class="card fold" data-panel="soil" open={isOpen}>
      <summary>{translate("water_declared")}</summary>
      <Form name="soil_water" submit={translate("water_calculate")} onSubmit={submit}>
        <p class="note">{translate("water_declared_about")}</p>
        <div class="choices-row">
          <SoilFields given={declared} names={NUMBERS} />
        </div>
        <TextArea
          name="irrigation"
          label={translate("water_given")}
          value={(declared.irrigation ?? []).map((each) => each.replace("=", " ")).join("\n")}
          hint={translate("water_given_hint")}
          maxLength={4000}
        />
        <ErrorText error={problem} />
      </Form>
    </details>
  );
}
