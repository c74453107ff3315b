// One lot: what is left, its certificate, what is done with it, where it is from and what happened there.

import { ErrorText } from "../ui/error_text";
import { NotFound } from "../ui/not_found";
import "../i18n/harvest";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { knownAuthor } from "../api/authors";
import { may } from "../api/may";
import { useApi } from "../api/query";
import { useWrite } from "../api/write";
import { hrefOf } from "../app/address";
import { useView } from "../app/mount";
import { dateTimeText, windowText } from "../i18n/instants";
import { numberText, unitText } from "../i18n/numbers";
import { translate, type TextKey } from "../i18n/translate";
import { Lazy, LazyFold } from "../ui/lazy";
import { Loaded } from "../ui/loaded";
import { confirm } from "../ui/overlays";
import { Table } from "../ui/table";
import { LotBreaches } from "./breach_panel";
import { CertificatePanel } from "./certificate_panel";
import { LotOperationForm } from "./lot_operation";
import { ReleasePanel } from "./release_panel";
import { evidenceText, massText, type Happening, type LotHistory, type Operation } from "./records";

export function LotView({ id }: { id: string }): JSX.Element {
  const history = useApi("/v1/lots/{thing}", { path: { thing: id } });
  if (history.failure?.status === 404)
    return <NotFound kind="lot" id={id} back={{ href: hrefOf("harvest", { tab: "lots" }), text: translate("harvest_lots") }} />;
  return (
    <>
      <p>
        <a href={hrefOf("harvest", { tab: "lots" })}>{translate("harvest_lots")}</a>
      </p>
      <Loaded state={history}>{(found) => <OneLot history={found} />}</Loaded>
    </>
  );
}

function OneLot({ history }: { history: LotHistory }): JSX.Element {
  const { lot } = history;
  const view = useView();
  useEffect(() => view.setTitle(lot.code), [view, lot.code]);
  return (
    <div class="stack" data-panel="lot">
      <div class="page-head">
        <h1>{lot.code}</h1>
        <span class="note">
          {[
            lot.product,
            `${translate("harvest_left")} ${massText(lot.remaining_g)}`,
            `${translate("harvest_made")} ${massText(lot.grams)}`,
          ].join(" · ")}
        </span>
      </div>
      <LotBreaches history={history} />
      <CertificatePanel lot={lot} />
      <ReleasePanel lot={lot} wasReleased={history.was_released} />
      {may("post", "/v1/lot-operations") && lot.remaining_g > 0 ? (
        <details class="fold">
          <summary>{translate("harvest_operate")}</summary>
          <LotOperationForm lot={lot} />
        </details>
      ) : null}
      <section class="card">
        <h2>{translate("harvest_origin")}</h2>
        <ul class="plain-list">
          {history.harvests.map(({ harvest, farm, place, grams }) => (
            <li key={harvest.id}>
              {[farm, place, massText(grams), dateTimeText(harvest.time_ms), harvest.author, evidenceText(harvest.evidence)].join(" · ")}
            </li>
          ))}
        </ul>
      </section>
      <Happenings history={history} />
      <LazyFold
        title={translate("harvest_made_of_this")}
        load={async () => (await import("./recall")).MadeOf}
        props={{ lot: lot.id }}
        class="card fold"
      />
      <Operations operations={history.operations} />
    </div>
  );
}

function Happenings({ history }: { history: LotHistory }): JSX.Element {
  const [recalled, setRecalled] = useState<Happening | null>(null);
  return (
    <section class="card" data-panel="happenings">
      <h2>{translate("harvest_happened")}</h2>
      {history.is_whole ? null : <p class="note">{translate("harvest_not_whole")}</p>}
      <Table<Happening>
        name={translate("harvest_happened")}
        rows={history.happenings}
        keyOf={({ kind, id, harvest }) => `${kind}-${id}-${harvest}`}
        empty={<p class="note">{translate("harvest_nothing_happened")}</p>}
        columns={[
          {
            key: "kind",
            head: translate("harvest_what"),
            cell: (row) => translate(`harvest_kind_${row.kind}` as TextKey),
            sortBy: ({ kind }) => kind,
          },
          { key: "what", head: "", cell: (row) => <span>{[row.what, figuresText(row)].filter(Boolean).join(" · ")}</span> },
          {
            key: "when",
            head: translate("harvest_when"),
            cell: ({ start_ms, end_ms }) => windowText(start_ms, end_ms),
            sortBy: ({ start_ms }) => start_ms,
          },
          {
            key: "evidence",
            head: translate("harvest_evidence"),
            cell: ({ evidence }) => evidenceText(evidence),
            sortBy: ({ evidence }) => evidence,
          },
          {
            key: "recall",
            head: translate("actions"),
            cell: (row) => (
              <button
                type="button"
                class="plain"
                data-recall={row.kind}
                aria-pressed={recalled === row}
                onClick={() => setRecalled(recalled === row ? null : row)}
              >
                {translate("harvest_recall")}
              </button>
            ),
          },
        ]}
      />
      {recalled === null ? null : (
        <section class="stack" data-panel="recall">
          <h3>
            {[
              translate("harvest_recall"),
              translate(`harvest_kind_${recalled.kind}` as TextKey),
              recalled.what,
              windowText(recalled.start_ms, recalled.end_ms),
            ]
              .filter(Boolean)
              .join(" · ")}
          </h3>
          <Lazy
            key={`${recalled.kind}-${recalled.id}`}
            load={async () => (await import("./recall")).RecallOf}
            props={{ kind: recalled.kind, id: recalled.id }}
          />
        </section>
      )}
    </section>
  );
}

function figuresText({ figures }: Happening): string {
  const low = figures["air_temperature_low_degc"];
  const high = figures["air_temperature_high_degc"];
  const water = figures["water_l"];
  if (typeof low === "number" && typeof high === "number") return `${numberText(low, 1)}–${numberText(high, 1)} ${unitText("degC")}`;
  return typeof water === "number" ? `${numberText(water, 0)} ${unitText("L")}` : "";
}

function Operations({ operations }: { operations: readonly Operation[] }): JSX.Element {
  const correct = useWrite("post", "/v1/lot-operations/{thing}/correct", { refresh: ["/v1/lots", "/v1/lots/{thing}"] });
  const takenBack = new Set(operations.map(({ corrects }) => corrects));
  const takeBack = async (operation: Operation): Promise<void> => {
    const asked = { title: translate("harvest_correct"), text: translate("harvest_correct_ask"), action: translate("harvest_correct") };
    if (!(await confirm(asked))) return;
    await correct.run({ params: { path: { thing: operation.id } }, body: { author: knownAuthor() || operation.author } });
  };
  const sum = (masses: readonly { grams: number }[]): number => masses.reduce((total, { grams }) => total + grams, 0);
  return (
    <section class="card">
      <h2>{translate("harvest_operations")}</h2>
      <ErrorText error={correct.error} />
      <ul class="plain-list">
        {operations.map((operation) => (
          <li key={operation.id}>
            {[
              translate(`harvest_op_${operation.kind}` as TextKey),
              massText(sum(operation.inputs.length > 0 ? operation.inputs : operation.outputs)),
              operation.party,
              operation.author,
              dateTimeText(operation.time_ms),
            ]
              .filter(Boolean)
              .join(" · ")}{" "}
            {may("post", "/v1/lot-operations/{thing}/correct") && operation.kind !== "correct" && !takenBack.has(operation.id) ? (
              <button type="button" class="plain" onClick={() => void takeBack(operation)}>
                {translate("harvest_correct")}
              </button>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
