// Labelled fields of a form.

import { translate } from "../i18n/translate";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { useField, type LabelProps } from "./form";

interface Labelling {
  label: LabelProps;
  field: ReturnType<typeof useField>;
}

function ErrorAndHint({ label, field }: Labelling): JSX.Element {
  return (
    <>
      {field.error ? (
        <span class="field-error" id={field.ids.error}>
          {field.error}
        </span>
      ) : null}
      {label.hint ? (
        <span class="note" id={field.ids.hint}>
          {label.hint}
        </span>
      ) : null}
    </>
  );
}

function Labelled({ label, children, field }: Labelling & { children: ComponentChildren }): JSX.Element {
  return (
    <div class="labelled">
      <label for={field.control.id} class={label.required ? "required" : undefined}>
        {label.label}
      </label>
      {label.unit ? (
        <span class="with-unit">
          {children}
          <span class="unit">{label.unit}</span>
        </span>
      ) : (
        children
      )}
      <ErrorAndHint label={label} field={field} />
    </div>
  );
}

interface TextProps extends LabelProps {
  value?: string;
  type?: "text" | "email" | "url" | "tel" | "password" | "date" | "time" | "datetime-local" | "search";
  maxLength?: number;
  autocomplete?: string;
  /** Values that are proposed; others can be typed. */
  proposals?: readonly string[];
  placeholder?: string;
  /** A regular expression of the whole value. */
  pattern?: string;
}

export function TextField({
  value,
  type = "text",
  maxLength,
  autocomplete,
  proposals,
  placeholder,
  pattern,
  ...label
}: TextProps): JSX.Element {
  const field = useField(label);
  const list = `${field.control.id}-list`;
  return (
    <Labelled label={label} field={field}>
      <input
        {...field.control}
        // The typings know each type of input apart.
        type={type as "text"}
        defaultValue={value ?? ""}
        {...(maxLength === undefined ? {} : { maxLength })}
        {...(autocomplete === undefined ? {} : { autocomplete })}
        {...(placeholder === undefined ? {} : { placeholder })}
        {...(pattern === undefined ? {} : { pattern })}
        {...(proposals === undefined ? {} : { list })}
      />
      {proposals === undefined ? null : (
        <datalist id={list}>
          {proposals.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
    </Labelled>
  );
}

interface NumberProps extends LabelProps {
  value?: number | null | undefined;
  min?: number;
  max?: number;
  /** "any" for every number; the default is whole numbers. */
  step?: number | "any";
}

export function NumberField({ value, min, max, step = 1, ...label }: NumberProps): JSX.Element {
  const field = useField(label);
  return (
    <Labelled label={label} field={field}>
      <input
        {...field.control}
        type="number"
        inputMode={step === "any" || step < 1 ? "decimal" : "numeric"}
        step={step}
        defaultValue={value === null || value === undefined ? "" : String(value)}
        {...(min === undefined ? {} : { min })}
        {...(max === undefined ? {} : { max })}
      />
    </Labelled>
  );
}

/** The fields `latitude_deg` and `longitude_deg` of a place, in degrees. */
export function DegreeFields({ latitude, longitude }: Record<"latitude" | "longitude", Omit<NumberProps, "name">>): JSX.Element {
  return (
    <>
      <NumberField name="latitude_deg" unit="°" min={-90} max={90} step="any" {...latitude} />
      <NumberField name="longitude_deg" unit="°" min={-180} max={180} step="any" {...longitude} />
    </>
  );
}

export function TextArea({
  value,
  maxLength,
  rows = 2,
  ...label
}: LabelProps & { value?: string; maxLength?: number; rows?: number }): JSX.Element {
  const field = useField(label);
  return (
    <Labelled label={label} field={field}>
      <textarea {...field.control} rows={rows} defaultValue={value ?? ""} {...(maxLength === undefined ? {} : { maxLength })} />
    </Labelled>
  );
}

interface SelectProps extends LabelProps {
  value?: string | null | undefined;
  options: readonly { value: string; text: string }[];
  /** The text of no choice. Without it, and without a value, a required field asks to choose where there are several options. */
  none?: string;
  onSelect?: (value: string) => void;
}

export function SelectField({ value, options, none, onSelect, ...label }: SelectProps): JSX.Element {
  const field = useField(label);
  const select = useRef<HTMLSelectElement>(null);
  // Nothing is chosen for a person: the first of several would be stored unseen.
  const isAsked = none === undefined && label.required === true && options.length !== 1 && !options.some((each) => each.value === value);
  // A form that was sent is reset to its defaults: to the value that was given, not to the first option.
  useLayoutEffect(() => {
    for (const option of select.current?.options ?? []) option.defaultSelected = option.value === (value ?? "");
  });
  return (
    <Labelled label={label} field={field}>
      <select {...field.control} ref={select} onChange={(event) => onSelect?.(event.currentTarget.value)}>
        {isAsked ? <option value="">{translate("choose")}</option> : null}
        {none === undefined ? null : <option value="">{none}</option>}
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.text}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

export function CheckField({ checked = false, ...label }: LabelProps & { checked?: boolean }): JSX.Element {
  const field = useField(label);
  return (
    <div class="labelled">
      <label class="check">
        <input {...field.control} type="checkbox" defaultChecked={checked} /> {label.label}
      </label>
      <ErrorAndHint label={label} field={field} />
    </div>
  );
}
