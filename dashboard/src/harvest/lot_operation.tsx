// Form for what is done with a lot: mix, split, pack, process, sell, lose. What is made is what is taken less the loss, to the gram.

import "../i18n/harvest";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import { nowMs } from "../api/clock";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { translate } from "../i18n/translate";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { showToast } from "../ui/overlays";
import { gramsOf, massText, type LotItem } from "./records";

const KINDS = ["split", "pack", "sell", "mix", "process", "loss"] as const;
type Kind = (typeof KINDS)[number];

export function LotOperationForm({ lot }: { lot: LotItem }): JSX.Element {
  const [kind, setKind] = useState<Kind>("split");
  const lots = useApiList("/v1/lots", {}, { enabled: kind === "mix" });
  const others = (lots.data ?? []).filter(({ id, remaining_g }) => id !== lot.id && remaining_g > 0);
  const add = useWrite("post", "/v1/lot-operations", { refresh: ["/v1/lots", "/v1/lots/{thing}"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const author = values.text("author");
    const taken = gramsOf(values.number("taken"));
    const other = values.text("other");
    const inputs = [{ lot: lot.id, grams: taken }];
    if (kind === "mix" && other) inputs.push({ lot: other, grams: gramsOf(values.number("other_taken")) });
    const total = inputs.reduce((sum, { grams }) => sum + grams, 0);
    const loss = kind === "loss" ? total : kind === "sell" ? 0 : gramsOf(values.number("loss"));
    const packs = kind === "pack" ? values.number("packs") : null;
    const isGone = kind === "sell" || kind === "loss";
    const outputs = isGone ? [] : [{ product: values.text("product") || lot.product, crop: lot.crop, grams: total - loss, packs }];
    const body = { kind, time_ms: Math.round(nowMs()), author, inputs, outputs, loss_g: loss, party: values.text("party") };
    if ((await add.run({ body })) === null) return false;
    keepAuthor(author);
    showToast(translate("harvest_op_done"));
    return true;
  };
  const kilograms = { unit: translate("harvest_kg"), min: 0, max: 10_000_000, step: 0.001 };
  return (
    <Form name="lot_operation" submit={translate("harvest_op_submit")} write={add} onSubmit={submit}>
      <SelectField
        name="kind"
        label={translate("harvest_what")}
        value={kind}
        options={KINDS.map((each) => ({ value: each, text: translate(`harvest_op_${each}`) }))}
        onSelect={(chosen) => setKind(chosen as Kind)}
      />
      <div class="choices-row">
        <NumberField name="taken" label={translate("harvest_taken")} value={lot.remaining_g / 1000} required {...kilograms} />
        {kind === "sell" || kind === "loss" ? null : <NumberField name="loss" label={translate("harvest_lost")} value={0} {...kilograms} />}
        {kind === "pack" ? <NumberField name="packs" label={translate("harvest_packs")} min={1} max={10_000_000} required /> : null}
        {kind === "sell" ? <TextField name="party" label={translate("harvest_buyer")} maxLength={200} required /> : null}
        {kind === "process" ? <TextField name="product" label={translate("harvest_new_product")} maxLength={200} required /> : null}
      </div>
      {kind === "mix" ? (
        <div class="choices-row">
          <SelectField
            name="other"
            label={translate("harvest_with")}
            required
            options={others.map(({ id, code, product, remaining_g }) => ({
              value: id,
              text: `${code} · ${product} · ${massText(remaining_g)}`,
            }))}
          />
          <NumberField name="other_taken" label={translate("harvest_with_mass")} required {...kilograms} />
        </div>
      ) : null}
      <TextField name="author" label={translate("harvest_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
    </Form>
  );
}
