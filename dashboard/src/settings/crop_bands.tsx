// Target bands of crops by stage: the own ones with who set them, and the default ones with their sources.

import "../i18n/settings";
import type { JSX } from "preact";
import type { ListItem } from "../api/client";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import { useWrite, type BodyOf } from "../api/write";
import { dateText } from "../i18n/instants";
import { rangeText, unitText } from "../i18n/numbers";
import { indicesWhere, unitOfName } from "../i18n/quantities";
import { channelName, findTerm, idOfTerm, term, translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";

type Band = ListItem<"/v1/crop-bands">;

const ANY = "default";
const CROPS = ["tomato", "cucumber", "lettuce", "strawberry"] as const;
interface Range {
  crop: string;
  stage?: string | undefined;
  index: string;
  low: number;
  high: number;
}

export function CropBands(): JSX.Element {
  const own = useApiList("/v1/crop-bands", {});
  const defaults = useApi("/v1/crop-bands/defaults", {});
  return (
    <section class="stack" data-panel="bands">
      <p class="note">{translate("settings_bands_about")}</p>
      <Loaded state={own}>
        {(bands) => (
          <Table
            name={translate("settings_bands")}
            rows={bands}
            keyOf={({ id }) => id}
            sorted={{ key: "crop" }}
            empty={<p class="note">{translate("settings_bands_none")}</p>}
            columns={[
              ...columnsOf<Band>(),
              {
                key: "by",
                head: translate("settings_band_source"),
                cell: ({ author, changed_ms, source, valid_from, valid_until }) => (
                  <>
                    {translate("settings_band_by", { author, date: dateText(changed_ms ?? 0) })}
                    {source ? ` ${source}` : ""}
                    {valid_from || valid_until ? (
                      <span class="note"> {translate("settings_band_valid", { from: valid_from ?? "…", until: valid_until ?? "…" })}</span>
                    ) : null}
                  </>
                ),
              },
              { key: "delete", head: "", cell: (band) => <DeleteBand band={band} /> },
            ]}
          />
        )}
      </Loaded>
      {may("post", "/v1/crop-bands") ? <AddBand /> : null}
      <h2>{translate("settings_bands_default")}</h2>
      <Loaded state={defaults}>
        {({ items }) => (
          <Table
            name={translate("settings_bands_default")}
            rows={items}
            keyOf={({ crop, stage, index }) => `${crop}-${stage}-${index}`}
            columns={[
              ...columnsOf<(typeof items)[number]>(),
              { key: "source", head: translate("settings_band_source"), cell: ({ source }) => source },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}

function columnsOf<Row extends Range>(): Column<Row>[] {
  return [
    { key: "crop", head: translate("settings_crop"), sortBy: ({ crop }) => cropText(crop), cell: ({ crop }) => cropText(crop) },
    {
      key: "stage",
      head: translate("settings_stage"),
      cell: ({ stage }) => (stage ? (findTerm("crop_stages", stage) ?? stage) : translate("settings_band_any_stage")),
    },
    { key: "index", head: translate("settings_band_index"), cell: ({ index }) => channelName(index) },
    {
      key: "range",
      head: translate("settings_bands"),
      number: true,
      cell: ({ index, low, high }) => rangeText(index, low, high),
    },
  ];
}

function AddBand(): JSX.Element {
  const add = useWrite("post", "/v1/crop-bands", { refresh: ["/v1/crop-bands"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const crop = values.text("crop");
    const body = {
      crop: crop === "" ? ANY : idOfTerm("crops", crop),
      stage: idOfTerm("crop_stages", values.text("stage")),
      index: values.text("index"),
      low: values.number("low") ?? 0,
      high: values.number("high") ?? 0,
      author: values.text("author"),
      source: values.text("source"),
      valid_from: values.text("valid_from") || null,
      valid_until: values.text("valid_until") || null,
    };
    return noteSaved(await add.run({ body: body as BodyOf<"/v1/crop-bands", "post"> }));
  };
  return (
    <Form name="crop_band" submit={translate("settings_band_add")} write={add} onSubmit={submit}>
      <div class="choices-row">
        <TextField
          name="crop"
          label={translate("settings_crop")}
          maxLength={100}
          proposals={CROPS.map((crop) => term("crops", crop))}
          hint={translate("settings_band_any_crop_hint")}
        />
        <TextField name="stage" label={translate("settings_stage")} maxLength={100} hint={translate("settings_band_any_stage_hint")} />
        <SelectField
          name="index"
          label={translate("settings_band_index")}
          options={indicesWhere(({ bandable }) => bandable).map((value) => ({
            value,
            text: `${channelName(value)} [${unitText(unitOfName(value))}]`,
          }))}
        />
        <NumberField name="low" label={translate("settings_band_low")} step="any" required />
        <NumberField name="high" label={translate("settings_band_high")} step="any" required />
        <TextField name="author" label={translate("settings_band_author")} required maxLength={100} />
        <TextField name="source" label={translate("settings_band_source")} maxLength={500} />
        <TextField name="valid_from" type="date" label={translate("settings_band_from")} />
        <TextField name="valid_until" type="date" label={translate("settings_band_until")} />
      </div>
    </Form>
  );
}

function DeleteBand({ band }: { band: Band }): JSX.Element {
  const name = `${cropText(band.crop)}, ${channelName(band.index)}`;
  return (
    <DeleteRecord
      list="/v1/crop-bands"
      record={band}
      label={`${translate("delete")}: ${name}`}
      title={translate("settings_delete_confirm", { name })}
      about={translate("settings_band_delete_text")}
    />
  );
}

function cropText(crop: string): string {
  return crop === ANY ? translate("settings_band_any_crop") : (findTerm("crops", crop) ?? crop);
}
