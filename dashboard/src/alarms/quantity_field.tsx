// Choice of a quantity of which there are many: searched by typing in Chinese, in English or by the name of the channel.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { fitsQuantity } from "../i18n/quantity_search";
import { translate } from "../i18n/translate";
import { SelectField } from "../ui/fields";
import { useUniqueId } from "../ui/unique_id";

interface QuantityFieldProps {
  value: string;
  options: readonly { value: string; text: string }[];
  onSelect: (value: string) => void;
}

export function QuantityField({ value, options, onSelect }: QuantityFieldProps): JSX.Element {
  const [typed, setTyped] = useState("");
  const id = useUniqueId();
  const found = options.filter((option) => fitsQuantity(option.value, typed));
  const search = (text: string): void => {
    setTyped(text);
    const left = options.filter((option) => fitsQuantity(option.value, text));
    // The only one left is the one that is shown: it is the one that is stored.
    if (text.trim() !== "" && left.length === 1 && left[0]) onSelect(left[0].value);
  };
  return (
    <>
      <div class="labelled">
        <label for={id}>{translate("alarms_quantity_search")}</label>
        <input id={id} type="search" autocomplete="off" value={typed} onInput={(event) => search(event.currentTarget.value)} />
        <span class="note" role="status">
          {typed.trim() === "" ? "" : translate("alarms_quantity_found", { count: found.length })}
        </span>
      </div>
      <SelectField
        name="what"
        label={translate("alarms_quantity")}
        required
        value={value}
        options={found.length === 0 ? options.filter((option) => option.value === value) : found}
        onSelect={onSelect}
      />
    </>
  );
}
