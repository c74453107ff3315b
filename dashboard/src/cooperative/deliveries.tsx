// What members delivered: a table of what stands after corrections, and the ways to enter, correct and take back.

import "../i18n/cooperative";
import "../i18n/deliveries";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { ListItem } from "../api/client";
import { useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite } from "../api/write";
import { dateOf, dateText, startOfDateMs } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { NumberField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { confirm, noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { DeliverHarvests } from "./delivery_harvests";
import { EnterDelivery } from "./delivery_form";
import { ImportDeliveries } from "./delivery_import";
import { cropText, gramsOf, massText } from "./mass";
import { fenOf, yuanText } from "./money";

type Delivery = ListItem<"/v1/deliveries">;

export function Deliveries({ admin, own = false }: { admin: boolean; own?: boolean }): JSX.Element {
  const deliveries = useApiList("/v1/deliveries", {});
  const people = useApiList("/v1/people", {});
  const [corrected, setCorrected] = useState<string | null>(null);
  const names = new Map((people.data ?? []).map((person) => [person.id, person.name]));
  const nameOf = (each: Delivery): string => names.get(each.person) ?? "—";
  const chosen = deliveries.data?.find(({ id }) => id === corrected);
  return (
    <section class="card" data-panel="deliveries">
      <p class="note">{translate(own ? "deliv_about_own" : "deliv_about")}</p>
      <Loaded state={deliveries}>
        {(list) => (
          <>
            <p class="editor-area" data-sum>
              {translate("deliv_sum", {
                mass: massText(list.reduce((sum, { grams }) => sum + grams, 0)),
                amount: yuanText(list.reduce((sum, { amount_fen }) => sum + amount_fen, 0)),
              })}
            </p>
            <Table
              name={translate("coop_deliveries")}
              rows={list}
              columns={columnsOf(own ? null : nameOf, admin ? { corrected, onCorrect: setCorrected, nameOf } : null)}
              keyOf={({ id }) => id}
              searchIn={(each) => `${nameOf(each)} ${cropText(each.crop)} ${each.lot_code ?? ""} ${each.note}`}
              sorted={{ key: "date", descending: true }}
              empty={<p class="note">{translate("deliv_none")}</p>}
              rowAttributes={({ id }) => ({ "data-delivery": id })}
            />
          </>
        )}
      </Loaded>
      {admin && chosen ? <Correction key={chosen.id} of={chosen} name={nameOf(chosen)} onDone={() => setCorrected(null)} /> : null}
      {admin ? (
        <>
          <details class="fold">
            <summary>{translate("deliv_enter")}</summary>
            <EnterDelivery people={inUse(people.data)} />
          </details>
          <details class="fold">
            <summary>{translate("deliv_harvests")}</summary>
            <DeliverHarvests />
          </details>
          <details class="fold">
            <summary>{translate("deliv_import")}</summary>
            <ImportDeliveries />
          </details>
        </>
      ) : null}
    </section>
  );
}

interface Actions {
  corrected: string | null;
  onCorrect: (id: string | null) => void;
  nameOf: (each: Delivery) => string;
}

function columnsOf(nameOf: ((each: Delivery) => string) | null, actions: Actions | null): Column<Delivery>[] {
  const date: Column<Delivery> = {
    key: "date",
    head: translate("deliv_date"),
    cell: (each) => dateText(each.time_ms),
    sortBy: (each) => each.time_ms,
  };
  const person: Column<Delivery>[] =
    nameOf === null ? [] : [{ key: "person", head: translate("coop_person"), cell: nameOf, sortBy: nameOf }];
  return [
    ...(nameOf === null ? [date] : [...person, date]),
    { key: "crop", head: translate("deliv_crop"), cell: (each) => cropText(each.crop), sortBy: (each) => cropText(each.crop) },
    { key: "lot", head: translate("deliv_lot"), cell: (each) => each.lot_code ?? "—", sortBy: (each) => each.lot_code },
    { key: "mass", head: translate("deliv_mass"), number: true, cell: (each) => massText(each.grams), sortBy: (each) => each.grams },
    {
      key: "amount",
      head: translate("deliv_amount"),
      number: true,
      cell: (each) => yuanText(each.amount_fen),
      sortBy: (each) => each.amount_fen,
    },
    { key: "note", head: translate("deliv_note"), cell: (each) => <Remarks of={each} /> },
    ...(actions === null
      ? []
      : [{ key: "do", head: translate("actions"), cell: (each: Delivery) => <RowActions of={each} actions={actions} /> }]),
  ];
}

function isTakenBack({ grams, amount_fen, corrections }: Delivery): boolean {
  return grams === 0 && amount_fen === 0 && (corrections ?? []).length > 0;
}

function Remarks({ of }: { of: Delivery }): JSX.Element {
  const corrections = of.corrections ?? [];
  const texts = [
    of.note,
    of.source === "harvest" ? translate("deliv_from_harvest") : "",
    ...corrections.map(
      (each) =>
        translate("deliv_corrected", {
          date: dateText(each.time_ms),
          mass: signed(massText, each.grams),
          amount: signed(yuanText, each.amount_fen),
        }) + (each.note ? ` (${each.note})` : ""),
    ),
    isTakenBack(of) ? translate("deliv_taken_back") : "",
  ];
  return (
    <>
      {texts.filter(Boolean).join(" · ") || "—"}
      {of.harvest_taken_back && !isTakenBack(of) ? (
        <span class="error" role="note">
          {" "}
          {translate("deliv_harvest_gone")}
        </span>
      ) : null}
    </>
  );
}

function signed(text: (value: number) => string, value: number): string {
  return value > 0 ? `+${text(value)}` : text(value);
}

function RowActions({ of, actions }: { of: Delivery; actions: Actions }): JSX.Element {
  const correct = useWrite("post", "/v1/deliveries/{entry}/correction", { refresh: ["/v1/deliveries", "/v1/accounts"] });
  const { corrected, onCorrect, nameOf } = actions;
  const what = { name: nameOf(of), date: dateText(of.time_ms) };
  const takeBack = async (): Promise<void> => {
    const amounts = { mass: massText(of.grams), amount: yuanText(of.amount_fen) };
    const title = translate("deliv_take_back_of", what);
    if (!(await confirm({ title, text: translate("deliv_take_back_text", amounts), action: translate("deliv_take_back") }))) return;
    const body = { grams: 0, amount_fen: 0, time_ms: Math.round(nowMs()), note: "" };
    noteSaved(await correct.run({ params: { path: { entry: of.id } }, body }));
  };
  return (
    <>
      <button
        type="button"
        class="plain"
        aria-label={translate("deliv_correct_of", what)}
        aria-pressed={corrected === of.id}
        onClick={() => onCorrect(corrected === of.id ? null : of.id)}
      >
        {translate("deliv_correct")}
      </button>
      {isTakenBack(of) ? null : (
        <button
          type="button"
          class="plain"
          aria-label={translate("deliv_take_back_of", what)}
          disabled={correct.saving}
          onClick={() => void takeBack()}
        >
          {translate("deliv_take_back")}
        </button>
      )}
      <ErrorText error={correct.error} inline />
    </>
  );
}

function Correction({ of, name, onDone }: { of: Delivery; name: string; onDone: () => void }): JSX.Element {
  const correct = useWrite("post", "/v1/deliveries/{entry}/correction", { refresh: ["/v1/deliveries", "/v1/accounts"] });
  const isEntered = useRef(false);
  const [told, setTold] = useState("");
  /** Let the amount follow the weight, at the price of the entry, until it is entered itself. */
  const follow = (input: HTMLInputElement): void => {
    if (input.name === "yuan") isEntered.current = true;
    const amount = input.form?.elements.namedItem("yuan");
    const grams = gramsOf(input.valueAsNumber);
    if (input.name !== "kg" || isEntered.current || of.grams <= 0 || !(grams >= 0) || !(amount instanceof HTMLInputElement)) return;
    const fen = Math.round((of.amount_fen * grams) / of.grams);
    amount.value = (fen / 100).toFixed(2);
    setTold(translate("deliv_followed", { amount: yuanText(fen) }));
  };
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = {
      grams: gramsOf(values.number("kg")),
      amount_fen: fenOf(values.number("yuan")),
      time_ms: startOfDateMs(values.text("date")) ?? Math.round(nowMs()),
      note: values.text("note"),
    };
    if (!noteSaved(await correct.run({ params: { path: { entry: of.id } }, body }))) return false;
    onDone();
    return true;
  };
  return (
    <div class="stack" data-panel="correct-delivery">
      <h2>{translate("deliv_correct_of", { name, date: dateText(of.time_ms) })}</h2>
      <p class="note">{translate("deliv_correct_about")}</p>
      <Form name="delivery_correction" submit={translate("deliv_correct")} write={correct} onSubmit={submit} onCancel={onDone}>
        <div class="choices-row" onInput={(event) => follow(event.target as HTMLInputElement)}>
          <NumberField
            name="kg"
            label={translate("deliv_mass")}
            unit={translate("deliv_kg")}
            min={0}
            step="any"
            required
            value={of.grams / 1000}
          />
          <NumberField
            name="yuan"
            label={translate("deliv_amount")}
            unit={translate("coop_yuan")}
            step={0.01}
            required
            value={of.amount_fen / 100}
          />
          <TextField
            name="date"
            type="date"
            label={translate("deliv_booked")}
            hint={translate("deliv_booked_hint")}
            value={dateOf(nowMs())}
            required
          />
          <TextField name="note" label={translate("deliv_reason")} maxLength={2000} required />
        </div>
        {told === "" ? null : <p role="status">{told}</p>}
      </Form>
    </div>
  );
}
