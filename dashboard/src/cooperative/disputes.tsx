// Disputes about a place of a pass: opened by anybody who sees the pass, decided by a manager.

import { chosenOf, onlyOf } from "../components/choice";
import "../i18n/cooperative";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApi, useApiList } from "../api/query";
import type { ListItem } from "../api/client";
import type { FieldRecord } from "../api/registry";
import { useWrite } from "../api/write";
import { dateTimeText } from "../i18n/instants";
import { withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { DegreeFields, NumberField, SelectField, TextArea } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Lazy } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { fenOf } from "./money";

type Dispute = ListItem<"/v1/disputes">;
const OUTCOMES = ["upheld", "partly_upheld", "rejected"] as const;
const YEAR_MS = 399 * 86_400_000;

export function Disputes({ admin }: { admin: boolean }): JSX.Element {
  const disputes = useApi("/v1/disputes", {});
  const fields = useApiList("/v1/fields", {});
  const [chosen, setChosen] = useState<number | null>(null);
  const names = new Map((fields.data ?? []).map(({ id, name }) => [id, name]));
  const columns: Column<Dispute>[] = [
    { key: "when", head: translate("coop_when"), cell: (each) => dateTimeText(each.time_ms), sortBy: (each) => each.time_ms },
    { key: "field", head: translate("coop_dispute_field"), cell: (each) => names.get(each.field) ?? "—" },
    { key: "text", head: translate("coop_dispute_text"), cell: (each) => each.text },
    { key: "rate", head: translate("coop_rate"), number: true, cell: rateText },
    {
      key: "evidence",
      head: translate("coop_evidence"),
      cell: (each) => (typeof each.evidence["evidence"] === "string" ? term("evidence", each.evidence["evidence"]) : "—"),
    },
    {
      key: "outcome",
      head: translate("coop_outcome"),
      cell: (each) =>
        each.outcome
          ? [
              `${term("dispute_outcomes", each.outcome)} ${each.outcome_text ?? ""}`.trim(),
              ...(each.outcome === "rejected" ? [] : [translate(each.correction ? "coop_corrected" : "coop_not_corrected")]),
            ].join(" · ")
          : translate("coop_outcome_open"),
      sortBy: (each) => each.outcome ?? "",
    },
    ...(admin
      ? [
          {
            key: "do",
            head: translate("actions"),
            cell: (each: Dispute) => (
              <button type="button" class="plain" aria-pressed={chosen === each.seq} onClick={() => setChosen(each.seq)}>
                {translate("coop_outcome_record")}
              </button>
            ),
          },
        ]
      : []),
  ];
  return (
    <section class="card" data-panel="disputes">
      <Loaded state={disputes}>
        {({ items }) => (
          <Table
            name={translate("coop_disputes")}
            rows={items}
            columns={columns}
            keyOf={(each) => String(each.seq)}
            sorted={{ key: "when", descending: true }}
            empty={<p class="note">{translate("coop_no_disputes")}</p>}
          />
        )}
      </Loaded>
      {chosen === null ? null : <RecordOutcome key={chosen} dispute={chosen} onDone={() => setChosen(null)} />}
      <OpenDispute fields={(fields.data ?? []) as unknown as FieldRecord[]} />
    </section>
  );
}

function rateText({ evidence }: Dispute): string {
  const rate = evidence["applied_ha"];
  return typeof rate === "number" ? withUnit(rate, `${String(evidence["unit"])}/ha`) : "—";
}

function RecordOutcome({ dispute, onDone }: { dispute: number; onDone: () => void }): JSX.Element {
  const record = useWrite("post", "/v1/disputes/{dispute}/outcome", { refresh: ["/v1/disputes"] });
  const [outcome, setOutcome] = useState("");
  const submit = async (values: FormValues): Promise<boolean> => {
    const amount = values.number("correction");
    const body = {
      outcome: values.text("outcome") as (typeof OUTCOMES)[number],
      text: values.text("text"),
      ...(amount === null ? {} : { correction_fen: fenOf(amount) }),
    };
    const done = await record.run({ params: { path: { dispute } }, body });
    if (done !== null) onDone();
    return done !== null;
  };
  return (
    <Form name="dispute_outcome" submit={translate("coop_outcome_record")} write={record} onSubmit={submit} onCancel={onDone}>
      <SelectField
        name="outcome"
        label={translate("coop_outcome")}
        options={OUTCOMES.map((value) => ({ value, text: term("dispute_outcomes", value) }))}
        value={outcome}
        required
        onSelect={setOutcome}
      />
      {outcome === "" || outcome === "rejected" ? null : (
        <>
          <NumberField name="correction" label={translate("coop_outcome_correction")} unit={translate("coop_yuan")} step={0.01} />
          <p class="note">{translate("coop_outcome_correction_about")}</p>
        </>
      )}
      <TextArea name="text" label={translate("coop_outcome_reason")} maxLength={2000} />
    </Form>
  );
}

function OpenDispute({ fields }: { fields: FieldRecord[] }): JSX.Element | null {
  const [chosen, setChosen] = useState<string | null>(null);
  const field = chosenOf(fields, chosen, onlyOf(fields)) ?? null;
  return (
    <div class="stack">
      <h2>{translate("coop_dispute_open")}</h2>
      <p class="note">{translate("coop_dispute_about")}</p>
      {fields.length > 0 ? (
        <Choice
          label={translate("coop_dispute_field")}
          value={field?.id}
          options={fields.map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={setChosen}
        />
      ) : null}
      {field === null ? null : <DisputeForm key={field.id} field={field} />}
    </div>
  );
}

function DisputeForm({ field }: { field: FieldRecord }): JSX.Element {
  const [now] = useState(() => Math.ceil(nowMs() / 60_000) * 60_000);
  const passes = useApiList("/v1/fields/{field}/passes", { path: { field: field.id }, query: { start: now - YEAR_MS, end: now } });
  const [chosen, setChosen] = useState<string | null>(null);
  const [place, setPlace] = useState<{ latitudeDeg: number; longitudeDeg: number } | null>(null);
  const open = useWrite("post", "/v1/disputes", { refresh: ["/v1/disputes"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const body = {
      pass_id: values.text("pass_id"),
      latitude_deg: values.number("latitude_deg") ?? 0,
      longitude_deg: values.number("longitude_deg") ?? 0,
      text: values.text("text"),
    };
    return noteSaved(await open.run({ body }));
  };
  const options = (passes.data ?? []).map((each) => ({ value: each.id, text: dateTimeText(each.start_ms) }));
  const pass = chosen ?? onlyOf(options)?.value ?? null;
  const roundOf = (degrees: number | undefined) => (degrees === undefined ? null : Number(degrees.toFixed(7)));
  return (
    <Form name="dispute" submit={translate("coop_dispute_open")} write={open} onSubmit={submit}>
      <div class="choices-row">
        <SelectField
          key={options.length}
          name="pass_id"
          label={translate("coop_dispute_pass")}
          options={options}
          {...(pass === null ? {} : { value: pass })}
          onSelect={(value) => {
            setChosen(value);
            // A place on another pass is another cell.
            setPlace(null);
          }}
          required
        />
      </div>
      {pass === null ? null : (
        <Lazy
          key={pass}
          load={async () => (await import("../disputes/tapped_place")).TappedPlace}
          props={{ field, pass, onPlace: (latitudeDeg: number, longitudeDeg: number) => setPlace({ latitudeDeg, longitudeDeg }) }}
        />
      )}
      <div class="choices-row" key={`${place?.latitudeDeg} ${place?.longitudeDeg}`}>
        <DegreeFields
          latitude={{ label: translate("coop_dispute_latitude"), value: roundOf(place?.latitudeDeg), required: true }}
          longitude={{ label: translate("coop_dispute_longitude"), value: roundOf(place?.longitudeDeg), required: true }}
        />
      </div>
      <TextArea name="text" label={translate("coop_dispute_text")} maxLength={2000} required />
    </Form>
  );
}
