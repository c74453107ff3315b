// Energy of a house by week and its cost: of what is recorded, at the prices that a person entered.

import "../i18n/energy";
import type { JSX } from "preact";
import type { Body } from "../api/client";
import { may } from "../api/may";
import { nowMs } from "../api/clock";
import { useApi, useApiList } from "../api/query";
import { useWrite, type BodyOf } from "../api/write";
import { numberFormat } from "../i18n/formatters";
import { dateOf } from "../i18n/instants";
import { numberText, shareText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";

type Energy = Body<"/v1/greenhouses/{device}/energy">;
type Week = Energy["weeks"][number];
type Line = { week: Week; item: Week["items"][number] };
type Order = BodyOf<"/v1/greenhouses/{thing}", "put">;
type Price = NonNullable<Order["energy_prices"]>[number];

const PATH = "/v1/greenhouses/{device}/energy";

export function EnergyPanel({ house }: { house: string }): JSX.Element {
  const energy = useApi(PATH, { path: { device: house } });
  return (
    <div class="stack" data-panel="energy">
      <p class="note">{translate("energy_about")}</p>
      <Loaded state={energy}>
        {(answer) => (
          <>
            <Weeks answer={answer} />
            <h3>{translate("energy_missing")}</h3>
            <ul class="plain-list" data-energy-missing>
              {answer.missing.map((each) => (
                <li key={each.text}>{inLanguage(each)}</li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
      {may("put", "/v1/greenhouses/{thing}") ? <Facts house={house} /> : null}
    </div>
  );
}

function Weeks({ answer }: { answer: Energy }): JSX.Element {
  const lines: Line[] = answer.weeks.flatMap((week) => week.items.map((item) => ({ week, item })));
  const columns: Column<Line>[] = [
    { key: "week", head: translate("energy_week"), cell: ({ week }) => week.week },
    { key: "kind", head: translate("energy_kind"), cell: ({ item }) => kindText(item.kind) },
    {
      key: "used",
      head: translate("energy_used"),
      number: true,
      cell: ({ item }) =>
        [...(item.kwh === null ? [] : [`${numberText(item.kwh, 0)} kWh`]), `${numberText(item.kwh_m2, 2)} kWh/m²`].join(" · "),
    },
    {
      key: "cost",
      head: translate("energy_cost"),
      number: true,
      cell: ({ item }) =>
        item.cost === null ? (
          <span class="note">{item.reason === null ? "" : inLanguage(item.reason)}</span>
        ) : (
          moneyText(item.cost, item.currency ?? "")
        ),
    },
    {
      key: "recorded",
      head: translate("energy_recorded"),
      cell: ({ item }) => translate("energy_hours", { share: shareText(item.coverage), hours: numberText(item.known_h, 0) }),
    },
  ];
  return (
    <Table
      name={translate("energy_title")}
      rows={lines}
      columns={columns}
      keyOf={({ week, item }) => `${week.week}-${item.kind}`}
      rowAttributes={({ week, item }) => ({ "data-energy": `${week.week}-${item.kind}` })}
      empty={<p class="note">{translate("energy_none")}</p>}
    />
  );
}

/** Prices and the power of the lamps: facts of the greenhouse's record. */
function Facts({ house }: { house: string }): JSX.Element | null {
  const houses = useApiList("/v1/greenhouses", {});
  const change = useWrite("put", "/v1/greenhouses/{thing}", { refresh: ["/v1/greenhouses", PATH] });
  const record = houses.data?.find(({ id }) => id === house);
  if (record === undefined) return null;
  const prices = record.energy_prices ?? [];
  const save = async (facts: Partial<Order>): Promise<boolean> => {
    const body: Order = { ...record, ...facts };
    return noteSaved(await change.run({ params: { path: { thing: record.id } }, body, version: record.version }));
  };
  return (
    <section class="stack" data-section="prices">
      <h3>{translate("energy_prices")}</h3>
      {prices.map((price) => (
        <div class="buttons" key={`${price.kind}-${price.from_day}`}>
          <span>{priceText(price)}</span>
          <button
            type="button"
            class="plain"
            aria-label={translate("energy_delete", { day: price.from_day })}
            disabled={change.saving}
            onClick={() => void save({ energy_prices: prices.filter((each) => each !== price) })}
          >
            {translate("delete")}
          </button>
        </div>
      ))}
      <details class="fold">
        <summary>{translate("energy_price_add")}</summary>
        <Form
          name="energy_price"
          submit={translate("energy_price_add")}
          write={change}
          onSubmit={(values) => save({ energy_prices: [...prices, priceOf(values)] })}
        >
          <PriceFields />
        </Form>
      </details>
      <details class="fold">
        <summary>{translate("energy_lamp_power")}</summary>
        <Form
          name="energy_lamps"
          submit={translate("save")}
          write={change}
          onSubmit={(values) => save({ lamp_power_w_m2: values.number("lamp_power_w_m2") })}
        >
          <NumberField
            name="lamp_power_w_m2"
            label={translate("energy_lamp_power")}
            unit="W/m²"
            min={0.1}
            max={1000}
            step="any"
            value={record.lamp_power_w_m2 ?? null}
          />
        </Form>
      </details>
      <ErrorText error={change.error} />
    </section>
  );
}

function PriceFields(): JSX.Element {
  const units = (["kWh", "GJ", "m3"] as const).map((value) => ({ value, text: value === "m3" ? "m³" : value }));
  return (
    <>
      <div class="choices-row">
        <SelectField
          name="kind"
          label={translate("energy_kind")}
          value="heat"
          options={(["heat", "lamps"] as const).map((value) => ({ value, text: kindText(value) }))}
        />
        <NumberField name="price" label={translate("energy_price")} min={0} max={1_000_000} step="any" required />
        <SelectField name="unit" label={translate("energy_unit")} value="kWh" options={units} />
        <TextField name="currency" label={translate("energy_currency")} value="CNY" maxLength={3} pattern="[A-Z]{3}" required />
      </div>
      <div class="choices-row">
        <NumberField
          name="kwh_per_unit"
          label={translate("energy_per_unit")}
          hint={translate("energy_per_unit_hint")}
          min={0.1}
          max={1000}
          step="any"
        />
        <TextField name="from_day" type="date" label={translate("energy_from")} value={dateOf(nowMs())} required />
        <TextField name="source" label={translate("energy_source")} maxLength={200} />
      </div>
    </>
  );
}

function priceOf(values: FormValues): Price {
  return {
    kind: values.text("kind") as Price["kind"],
    price: values.number("price") ?? 0,
    unit: values.text("unit") as Price["unit"],
    kwh_per_unit: values.number("kwh_per_unit"),
    currency: values.text("currency"),
    from_day: values.text("from_day"),
    source: values.text("source"),
  };
}

function priceText(price: Price): string {
  return translate("energy_price_line", {
    kind: kindText(price.kind),
    price: moneyText(price.price, price.currency, 4),
    unit: price.unit === "m3" ? "m³" : price.unit,
    day: price.from_day,
  });
}

function kindText(kind: Price["kind"]): string {
  return translate(kind === "heat" ? "energy_heat" : "energy_lamps");
}

function moneyText(amount: number, currency: string, digits = 2): string {
  return numberFormat({ style: "currency", currency, maximumFractionDigits: digits }).format(amount);
}

function inLanguage({ text, text_zh: chinese }: { text: string; text_zh: string }): string {
  return currentLanguage() === "en" ? text : chinese;
}
