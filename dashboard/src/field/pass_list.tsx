// List of a field's passes: when, by what, in which state, how much; a slider goes through them in time.

import "../i18n/field_work";
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { errorText, request } from "../api/request";
import { hrefOfThing } from "../app/address";
import { mountInto, useView } from "../app/mount";
import type { View } from "../app/view";
import { make } from "../components/dom";
import { dateTimeText } from "../i18n/instants";
import { massText, reasonText, withUnit } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Table } from "../ui/table";
import type { Applied, HarvestPass, MapSettings, Named, PassItem } from "./records";

const TIMEOUT_MS = 120_000;
const PAGE_SIZE = 8;

interface Shown {
  passes: readonly PassItem[];
  harvests: readonly HarvestPass[];
  prescriptions: readonly Named[];
  open: string | null;
  unit: string;
}

/** A pass that applied something, or one of a combine. */
type Work = { pass: PassItem; harvest?: undefined } | { harvest: HarvestPass; pass?: undefined };

export class PassList {
  readonly element = make("section", { class: "card", "data-panel": "passes" });
  readonly #shown = signal<Shown | null>(null);

  constructor(view: View, field: string, settings: () => MapSettings, onOpen: (pass: PassItem) => void) {
    mountInto(this.element, view, () =>
      this.#shown.value === null ? null : <Passes {...this.#shown.value} field={field} settings={settings} onOpen={onOpen} />,
    );
  }

  show(passes: readonly PassItem[], harvests: readonly HarvestPass[], prescriptions: readonly Named[], open: string | null): void {
    this.#shown.value = { passes, harvests, prescriptions, open, unit: "kg" };
  }
}

interface PassesProps extends Shown {
  field: string;
  settings: () => MapSettings;
  onOpen: (pass: PassItem) => void;
}

/** Amounts by pass, as texts: from the ledger, and after a calculation from the API, one pass after another. */
function useAmounts(field: string, passes: readonly PassItem[], settings: () => MapSettings) {
  const view = useView();
  const ledger = useApiList("/v1/ledger", { query: { field } });
  const [calculated, setCalculated] = useState<Readonly<Record<string, string>>>({});
  const [at, setAt] = useState<number | null>(null);
  const running = useRef(false);
  const closed = new Map<string, string>();
  for (const entry of ledger.data ?? []) {
    if (entry.kind !== "as_applied" || entry.pass_id === null) continue;
    const { amount, unit, reason } = JSON.parse(entry.body) as { amount: number | null; unit: string; reason: string | null };
    closed.set(entry.pass_id, amount === null ? reasonText(reason) : withUnit(amount, unit, 2));
  }
  useEffect(() => {
    if (at === null || running.current) return;
    const pass = passes[at];
    if (pass === undefined) {
      setAt(null);
      return;
    }
    running.current = true;
    void amountOf(pass, settings(), view.signal).then((text) => {
      running.current = false;
      if (text === null) return;
      setCalculated((known) => ({ ...known, [pass.id]: text }));
      setAt(at + 1);
    });
  }, [at]);
  return { closed, calculated, at, calculate: () => setAt(0) };
}

function Passes({ passes, harvests, prescriptions, open, field, settings, onOpen }: PassesProps): JSX.Element {
  const { farm } = useView();
  const { closed, calculated, at, calculate } = useAmounts(field, passes, settings);
  const index = passes.findIndex(({ id }) => id === open);
  const current = passes[index];
  const planOf = (pass: PassItem): string =>
    pass.planned_rate_ha !== null
      ? withUnit(pass.planned_rate_ha, "kg/ha")
      : (prescriptions.find(({ id }) => id === pass.prescription)?.name ?? "—");
  const stateOf = (pass: PassItem): string =>
    [
      pass.state === "finished" ? "" : term("pass_states", pass.state),
      closed.has(pass.id) ? translate("work_pass_closed") : translate(pass.declared ? "work_pass_declared" : "work_pass_found"),
    ]
      .filter(Boolean)
      .join(" · ");
  const works: Work[] = [...passes.map((pass) => ({ pass })), ...harvests.map((harvest) => ({ harvest }))];
  const ofWork = ({ pass, harvest }: Work): PassItem | HarvestPass => pass ?? harvest;
  const workText = (work: Work): string => translate(work.harvest ? "work_harvested" : "work_applied");
  const stateText = ({ pass }: Work): string => (pass ? stateOf(pass) : translate("work_pass_found"));
  return (
    <>
      {passes.length > 1 && current ? (
        <div class="labelled pass-slider">
          <label for="pass-slider">
            {translate("work_pass_slider", { n: index + 1, all: passes.length, time: dateTimeText(current.start_ms) })}
          </label>
          <input
            id="pass-slider"
            type="range"
            min={0}
            max={passes.length - 1}
            value={index}
            onChange={(event) => {
              const chosen = passes[Number(event.currentTarget.value)];
              if (chosen) onOpen(chosen);
            }}
          />
        </div>
      ) : null}
      {passes
        .filter(({ state }) => state === "flying")
        .map((pass) => (
          <div key={pass.id} class="choices-row" data-flying={pass.id}>
            <span class="note">
              {translate("work_flying_since", { vehicle: farm.nameOf(pass.device), time: dateTimeText(pass.start_ms) })}
            </span>
            {pass.id === open ? null : (
              <button type="button" class="secondary" onClick={() => onOpen(pass)}>
                {translate("work_open_flying")}
              </button>
            )}
          </div>
        ))}
      {may("post", "/v1/passes") && passes.length > 0 ? <Unregistered passes={passes} open={open} onOpen={onOpen} /> : null}
      <details class="fold">
        <summary>
          <h2>{translate("work_pass_list", { count: works.length })}</h2>
        </summary>
        <Table
          name={translate("work_passes")}
          rows={works}
          keyOf={(work) => ofWork(work).id}
          pageSize={PAGE_SIZE}
          sorted={{ key: "time", descending: true }}
          searchIn={(work) =>
            [dateTimeText(ofWork(work).start_ms), farm.nameOf(ofWork(work).device), workText(work), stateText(work), work.pass?.note].join(
              " ",
            )
          }
          rowAttributes={({ pass, harvest }) =>
            pass ? { "data-pass": pass.id, ...(pass.id === open ? { "aria-current": "true" } : {}) } : { "data-harvest": harvest?.id ?? "" }
          }
          columns={[
            {
              key: "time",
              head: translate("work_pass_time"),
              sortBy: (work) => ofWork(work).start_ms,
              cell: ({ pass, harvest }) =>
                pass ? (
                  <button type="button" class="plain" aria-pressed={pass.id === open} onClick={() => onOpen(pass)}>
                    {dateTimeText(pass.start_ms)}
                  </button>
                ) : harvest ? (
                  <a href={hrefOfThing({ kind: "harvest", field, startMs: harvest.start_ms, endMs: harvest.end_ms })}>
                    {dateTimeText(harvest.start_ms)}
                  </a>
                ) : null,
            },
            { key: "work", head: translate("work_kind"), sortBy: workText, cell: workText },
            {
              key: "vehicle",
              head: translate("work_vehicle"),
              sortBy: (work) => farm.nameOf(ofWork(work).device),
              cell: (work) => farm.nameOf(ofWork(work).device),
            },
            { key: "state", head: translate("work_pass_state"), sortBy: stateText, cell: stateText },
            { key: "plan", head: translate("work_pass_plan"), cell: ({ pass }) => (pass ? planOf(pass) : "—") },
            {
              key: "amount",
              head: translate("work_pass_amount"),
              cell: ({ pass, harvest }) =>
                pass
                  ? (calculated[pass.id] ?? closed.get(pass.id) ?? translate("work_pass_not_calculated"))
                  : translate("work_harvest_amount", { amount: massText(harvest?.sensor_t ?? 0) }),
            },
          ]}
        />
        <div class="choices-row">
          <button type="button" class="secondary" disabled={at !== null} onClick={calculate}>
            {translate("work_pass_calculate")}
          </button>
          {at === null ? null : <progress value={at} max={passes.length} aria-label={translate("work_pass_calculate")} />}
        </div>
      </details>
    </>
  );
}

/** How many flights that were found are not registered, with the newest of them to open; or that all are. */
function Unregistered({ passes, open, onOpen }: Pick<PassesProps, "passes" | "open" | "onOpen">): JSX.Element {
  const left = passes.filter(({ declared, state }) => !declared && state !== "flying");
  const newest = left.at(-1);
  return (
    <div class="choices-row" data-unregistered={left.length}>
      <span class="note">
        {newest === undefined ? translate("work_all_registered") : translate("work_unregistered", { n: left.length, all: passes.length })}
      </span>
      {newest === undefined || newest.id === open ? null : (
        <button type="button" class="secondary" onClick={() => onOpen(newest)}>
          {translate("work_open_unregistered", { time: dateTimeText(newest.start_ms) })}
        </button>
      )}
    </div>
  );
}

async function amountOf(pass: PassItem, settings: MapSettings, signal: AbortSignal): Promise<string | null> {
  try {
    const { amount } = await request<Applied>(`/v1/passes/${encodeURIComponent(pass.id)}/as-applied`, {
      signal,
      timeoutMs: TIMEOUT_MS,
      query: { format: "summary", ...(pass.implement === null ? { swath_m: settings.swath_m ?? pass.reported_width_m ?? undefined } : {}) },
    });
    return amount.value === null ? reasonText(amount.reason) : withUnit(amount.value, amount.unit, 2);
  } catch (error) {
    return errorText(error);
  }
}
