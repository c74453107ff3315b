// Accounts of members: advances, subsidies, deliveries and payments as entries; a correction is an entry that names another.

import { chosenOf, onlyOf } from "../components/choice";
import "../i18n/cooperative";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import type { ListItem } from "../api/client";
import { useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite, type BodyOf } from "../api/write";
import { dateText } from "../i18n/instants";
import { numberText, withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { NumberField, SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { fenOf, yuanText } from "./money";

type Entry = ListItem<"/v1/accounts">;
type Kind = Entry["kind"];
const KINDS = ["advance", "subsidy", "delivery", "cancelled_flight", "payment"] as const;

export function Accounts({ admin }: { admin: boolean }): JSX.Element {
  const people = useApiList("/v1/people", {});
  const [chosen, setChosen] = useState<string | null>(null);
  const person = chosenOf(people.data ?? [], chosen, onlyOf(people.data))?.id ?? null;
  return (
    <section class="card" data-panel="accounts">
      <p class="note">{translate("coop_accounts_about")}</p>
      <Loaded state={people}>
        {(list) =>
          list.length === 0 ? (
            <p class="note">{translate("coop_no_people")}</p>
          ) : (
            <Choice
              label={translate("coop_person")}
              value={person}
              options={[...inUse(list), ...list.filter(({ active }) => active === false)].map(({ id, name, number, active }) => ({
                value: id,
                text: [name, number, active === false ? translate("deactivated") : ""].filter(Boolean).join(" · "),
              }))}
              onChoose={setChosen}
            />
          )
        }
      </Loaded>
      {person === null ? null : <Account key={person} person={person} admin={admin} />}
    </section>
  );
}

function Account({ person, admin }: { person: string; admin: boolean }): JSX.Element {
  const entries = useApiList("/v1/accounts", { query: { person } });
  const [corrected, setCorrected] = useState<Entry | null>(null);
  const columns: Column<Entry>[] = [
    { key: "when", head: translate("coop_when"), cell: (each) => dateText(each.time_ms), sortBy: (each) => each.time_ms },
    { key: "kind", head: translate("coop_entry_kind"), cell: (each) => translate(`coop_entry_${each.kind}`), sortBy: (each) => each.kind },
    {
      key: "amount",
      head: translate("coop_amount"),
      number: true,
      cell: (each) => yuanText(each.amount_fen ?? 0),
      sortBy: (each) => each.amount_fen,
    },
    {
      key: "goods",
      head: translate("coop_goods"),
      number: true,
      cell: (each) => ((each.grams ?? 0) !== 0 ? withUnit((each.grams ?? 0) / 1000, "kg", 1) : "—"),
    },
    { key: "note", head: translate("coop_note"), cell: (each) => noteOf(each, entries.data ?? []) },
    ...(admin
      ? [
          {
            key: "do",
            head: translate("actions"),
            cell: (each: Entry) => (
              <button
                type="button"
                class="plain"
                aria-pressed={corrected?.id === each.id}
                onClick={() => setCorrected(corrected?.id === each.id ? null : each)}
              >
                {translate("coop_correct")}
              </button>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <Loaded state={entries}>
        {(list) => (
          <>
            <p class="editor-area" data-balance>
              {translate("coop_account_sum", { amount: yuanText(list.reduce((sum, { amount_fen }) => sum + (amount_fen ?? 0), 0)) })}
            </p>
            <Table
              name={translate("coop_accounts")}
              rows={list}
              columns={columns}
              keyOf={(each) => each.id ?? ""}
              sorted={{ key: "when", descending: true }}
              empty={<p class="note">{translate("coop_no_entries")}</p>}
            />
          </>
        )}
      </Loaded>
      {admin ? <EntryForm key={corrected?.id ?? "new"} person={person} corrected={corrected} onDone={() => setCorrected(null)} /> : null}
    </>
  );
}

function noteOf(entry: Entry, all: readonly Entry[]): string {
  const corrected = all.find(({ id }) => id === entry.corrects);
  const what =
    corrected === undefined
      ? ""
      : translate("coop_corrects", { kind: translate(`coop_entry_${corrected.kind}`), date: dateText(corrected.time_ms) });
  return [what, entry.note].filter(Boolean).join(" · ") || "—";
}

function EntryForm({ person, corrected, onDone }: { person: string; corrected: Entry | null; onDone: () => void }): JSX.Element {
  const add = useWrite("post", "/v1/accounts", { refresh: ["/v1/accounts"] });
  const [kind, setKind] = useState<Kind>("advance");
  const [now] = useState(() => nowMs());
  const submit = async (values: FormValues): Promise<boolean> => {
    const grams = Math.round((values.number("kg") ?? 0) * 1000);
    const body: BodyOf<"/v1/accounts", "post"> = {
      person,
      kind: corrected === null ? kind : "correction",
      time_ms: now,
      amount_fen: fenOf(values.number("yuan")),
      grams,
      corrects: corrected?.id ?? null,
      note: values.text("note"),
    };
    const made = await add.run({ body });
    if (!noteSaved(made)) return false;
    onDone();
    return true;
  };
  return (
    <div class="stack">
      <h2>
        {corrected === null
          ? translate("coop_add_entry")
          : translate("coop_correct_of", {
              kind: translate(`coop_entry_${corrected.kind}`),
              date: dateText(corrected.time_ms),
              amount: yuanText(corrected.amount_fen ?? 0),
            })}
      </h2>
      <Form
        name="account_entry"
        submit={translate(corrected === null ? "coop_add_entry" : "coop_correct")}
        write={add}
        onSubmit={submit}
        {...(corrected === null ? {} : { onCancel: onDone })}
      >
        <div class="choices-row">
          {corrected === null ? (
            <SelectField
              name="kind"
              label={translate("coop_entry_kind")}
              value={kind}
              options={KINDS.map((value) => ({ value, text: translate(`coop_entry_${value}`) }))}
              onSelect={(value) => setKind(value as Kind)}
            />
          ) : null}
          <NumberField
            name="yuan"
            label={translate("coop_amount")}
            unit={translate("coop_yuan")}
            step="any"
            required
            hint={translate("coop_amount_sign", { example: numberText(-100, 0) })}
          />
          {kind === "delivery" && corrected === null ? (
            <NumberField name="kg" label={translate("coop_goods")} unit="kg" min={0} step="any" />
          ) : null}
          <TextField name="note" label={translate("coop_note")} maxLength={2000} />
        </div>
      </Form>
    </div>
  );
}
