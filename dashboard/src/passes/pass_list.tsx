// List of a field's passes, one line each: when, by what, which work, in which state, how much ground was treated and skipped.

import "../i18n/field_pass";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { request } from "../api/request";
import { hrefOfThing } from "../app/address";
import { useView } from "../app/mount";
import type { Applied, HarvestPass, MapSettings, PassItem } from "../field/records";
import { dateTimeText } from "../i18n/instants";
import { areaText, massText } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";

const TIMEOUT_MS = 120_000;
/** Lines that are shown at first; the open pass is always one of them. */
const FEW = 5;

export interface PassListProps {
  field: string;
  passes: readonly PassItem[];
  harvests: readonly HarvestPass[];
  open: string | null;
  settings: MapSettings;
  /** The pass whose map is drawn: the lines ask for their figures once it is. */
  drawn: string;
  onOpen: (pass: PassItem) => void;
}

/** A pass that applied something, or one of a combine. */
type Work = { pass: PassItem; harvest?: undefined } | { harvest: HarvestPass; pass?: undefined };

interface Ground {
  treated: number | null;
  skipped: number | null;
}

export function PassList(props: PassListProps): JSX.Element | null {
  const { passes, harvests, open, onOpen } = props;
  const [all, setAll] = useState(false);
  const works: Work[] = [...passes.map((pass) => ({ pass })), ...harvests.map((harvest) => ({ harvest }))];
  works.sort((a, b) => startOf(b) - startOf(a));
  const shown = works.filter(({ pass }, index) => all || index < FEW || pass?.id === open);
  const ground = useGround(
    shown.flatMap(({ pass }) => (pass === undefined ? [] : [pass])),
    props,
  );
  const index = passes.findIndex(({ id }) => id === open);
  const current = passes[index];
  if (works.length === 0) return null;
  return (
    <section class="card pass-list" data-panel="passes">
      <h2>
        {translate("pass_list")}
        {current === undefined ? null : (
          <small class="note">{translate("pass_chosen", { n: index + 1, all: passes.length, time: dateTimeText(current.start_ms) })}</small>
        )}
      </h2>
      <ol class="pass-lines" data-shown={shown.length}>
        {shown.map((work) => (
          <li key={work.pass?.id ?? work.harvest?.id}>
            {work.pass ? (
              <PassLine pass={work.pass} ground={ground[work.pass.id]} isOpen={work.pass.id === open} onOpen={onOpen} />
            ) : (
              <HarvestLine harvest={work.harvest} field={props.field} />
            )}
          </li>
        ))}
      </ol>
      <div class="choices-row">
        {works.length > FEW ? (
          <button type="button" class="plain" data-act="all-passes" onClick={() => setAll(!all)}>
            {all ? translate("pass_list_few") : translate("pass_list_all", { n: works.length })}
          </button>
        ) : null}
        {may("post", "/v1/passes") && passes.length > 0 ? <Unregistered passes={passes} open={open} onOpen={onOpen} /> : null}
      </div>
    </section>
  );
}

function startOf({ pass, harvest }: Work): number {
  return pass?.start_ms ?? harvest?.start_ms ?? 0;
}

interface PassLineProps {
  pass: PassItem;
  ground: Ground | undefined;
  isOpen: boolean;
  onOpen: (pass: PassItem) => void;
}

function PassLine({ pass, ground, isOpen, onOpen }: PassLineProps): JSX.Element {
  const { farm } = useView();
  const products = useApiList("/v1/products", {});
  const product = products.data?.find(({ id }) => id === pass.product)?.name;
  const told = translate(pass.declared ? "work_pass_declared" : "work_pass_found");
  return (
    <button
      type="button"
      class="pass-line"
      aria-current={isOpen ? "true" : undefined}
      data-pass={pass.id}
      data-state={pass.state}
      {...(pass.state === "flying" ? { "data-flying": pass.id } : {})}
      onClick={() => onOpen(pass)}
    >
      <span class="pass-when">{dateTimeText(pass.start_ms)}</span>
      <span class="pass-what">{[product ?? translate("work_applied"), farm.nameOf(pass.device)].join(" · ")}</span>
      <span class="pass-state">
        <StateGlyph state={pass.state} /> {term("pass_states", pass.state)}
        {pass.state === "flying" ? null : <small class="note"> · {told}</small>}
        {pass.simulated ? <small class="note"> · {translate("simulated")}</small> : null}
      </span>
      <span class="pass-ground">{groundText(ground)}</span>
    </button>
  );
}

/** A ticked disc for finished, a half one for interrupted, a dashed ring for under way: never colour alone. */
function StateGlyph({ state }: { state: PassItem["state"] }): JSX.Element {
  return (
    <svg class="pass-glyph" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.5" class={state} />
      {state === "finished" ? <path d="m5 8 2.2 2.3L11 6" /> : null}
      {state === "interrupted" ? <path class="half" d="M8 1.5a6.5 6.5 0 0 0 0 13Z" /> : null}
    </svg>
  );
}

function groundText(ground: Ground | undefined): string {
  if (ground === undefined) return "";
  if (ground.treated === null) return translate("pass_list_unknown");
  return [
    translate("pass_list_area", { area: areaText(ground.treated) }),
    ground.skipped === null ? "" : translate("pass_list_skipped", { area: areaText(ground.skipped) }),
  ]
    .filter(Boolean)
    .join(" · ");
}

function HarvestLine({ harvest, field }: { harvest: HarvestPass; field: string }): JSX.Element {
  const { farm } = useView();
  const href = hrefOfThing({ kind: "harvest", field, startMs: harvest.start_ms, endMs: harvest.end_ms });
  return (
    <a class="pass-line" href={href} data-harvest={harvest.id}>
      <span class="pass-when">{dateTimeText(harvest.start_ms)}</span>
      <span class="pass-what">{[translate("work_harvested"), farm.nameOf(harvest.device)].join(" · ")}</span>
      <span class="pass-state">{translate("work_pass_found")}</span>
      <span class="pass-ground">{translate("work_harvest_amount", { amount: massText(harvest.sensor_t ?? 0) })}</span>
    </a>
  );
}

/** Treated and skipped ground of the lines that are shown, asked for one after another once the open pass is drawn. */
function useGround(passes: readonly PassItem[], { settings, drawn, open }: PassListProps): Readonly<Record<string, Ground>> {
  const { signal } = useView();
  const [known, setKnown] = useState<Readonly<Record<string, Ground & { end: number }>>>({});
  const next = drawn === "" || drawn !== open ? undefined : passes.find((pass) => known[pass.id]?.end !== pass.end_ms);
  useEffect(() => {
    if (next === undefined) return;
    void askGround(next, settings, signal).then((ground) => {
      if (!signal.aborted) setKnown((before) => ({ ...before, [next.id]: { ...ground, end: next.end_ms } }));
    });
  }, [next?.id, next?.end_ms]);
  return known;
}

async function askGround(pass: PassItem, settings: MapSettings, signal: AbortSignal): Promise<Ground> {
  try {
    const swathM = pass.implement === null ? (settings.swath_m ?? pass.reported_width_m ?? undefined) : undefined;
    if (pass.implement === null && swathM === undefined) return { treated: null, skipped: null };
    const { cover } = await request<Applied>(`/v1/passes/${encodeURIComponent(pass.id)}/as-applied`, {
      signal,
      timeoutMs: TIMEOUT_MS,
      query: { format: "summary", swath_m: swathM },
    });
    return { treated: cover.covered_m2, skipped: cover.skipped_m2 };
  } catch {
    // The line says that it is not known; opened, the pass says why.
    return { treated: null, skipped: null };
  }
}

/** How many flights that were found are not registered, with the newest of them to open; or that all are. */
function Unregistered({ passes, open, onOpen }: Pick<PassListProps, "passes" | "open" | "onOpen">): JSX.Element {
  const left = passes.filter(({ declared, state }) => !declared && state !== "flying");
  const newest = left.at(-1);
  return (
    <span class="choices-row" data-unregistered={left.length}>
      <span class="note">
        {newest === undefined ? translate("work_all_registered") : translate("work_unregistered", { n: left.length, all: passes.length })}
      </span>
      {newest === undefined || newest.id === open ? null : (
        <button type="button" class="secondary" onClick={() => onOpen(newest)}>
          {translate("work_open_unregistered", { time: dateTimeText(newest.start_ms) })}
        </button>
      )}
    </span>
  );
}
