// Subsidies: a rule, what can be claimed by it and why the rest cannot, and the pack for the office.

import { onlyOf } from "../components/choice";
import "../i18n/cooperative";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLastChoice } from "../app/mount";
import { useApiList } from "../api/query";
import type { ListItem } from "../api/client";
import { errorText, request, type RequestOptions } from "../api/request";
import { useWrite } from "../api/write";
import { FileButton } from "../components/file_button";
import { Simulated } from "../components/simulated";
import { dateTimeText } from "../i18n/instants";
import { areaText, numberText } from "../i18n/numbers";
import { term, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { NumberField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded, Working } from "../ui/loaded";
import { confirm, noteSaved, showToast } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { fenOf, yuanText } from "./money";
import { useSeason, type Season } from "./season_period";
import { languageOfFile } from "./statements";

type Rule = ListItem<"/v1/subsidy-rules">;
interface Claim {
  pass_id: string;
  field: string;
  field_name: string;
  holders: string;
  start_ms: number;
  area_m2: number;
  coverage_pct: number;
  fen: number;
  evidence: string;
  reason: string | null;
  simulated: boolean;
}
interface Unclaimed {
  pass_id: string;
  field: string;
  field_name: string;
  start_ms: number;
  reason: string;
  simulated: boolean;
}
/** A flight of the period: its claim, or the reason alone. */
type Flight = Unclaimed | Claim;
interface Claims {
  items: Claim[];
  unclaimed: Unclaimed[];
  flights: number;
  claimed: number;
  not_claimed: number;
  fen: number;
  simulated_fen: number;
  caveat: string;
}
const TIMEOUT_MS = 300_000;

export function Subsidies({ admin }: { admin: boolean }): JSX.Element {
  const [season, choice] = useSeason();
  const rules = useApiList("/v1/subsidy-rules", {});
  return (
    <section class="card" data-panel="subsidies">
      {choice}
      <Loaded state={rules}>
        {(list) =>
          list.length === 0 ? <p class="note">{translate("coop_no_rule")}</p> : <ClaimForm rules={list} season={season} admin={admin} />
        }
      </Loaded>
      {admin ? <AddRule /> : null}
    </section>
  );
}

interface Corrections {
  items: unknown[];
  before_fen: number;
  fen: number;
}

function askCorrections(rule: string, keep: boolean): Promise<Corrections> {
  return request("/v1/subsidy-claims/corrections", { method: "POST", body: { rule }, query: { keep }, timeoutMs: TIMEOUT_MS });
}

function correctionText({ items, before_fen: before, fen }: Corrections): string {
  return translate("coop_claim_correction", { count: items.length, before: yuanText(before), after: yuanText(fen) });
}

function ClaimForm({ rules, season, admin }: { rules: Rule[]; season: Season; admin: boolean }): JSX.Element {
  const [rule, setRule] = useState(onlyOf(rules)?.id ?? "");
  const [claims, setClaims] = useState<Claims | null>(null);
  const [corrections, setCorrections] = useState<Corrections | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState("");
  const last = useLastChoice();
  // Claims of another rule or season are not those that would be kept.
  useEffect(() => {
    last.end();
    setClaims(null);
    setCorrections(null);
    setBusy(false);
  }, [rule, season.startMs, season.endMs]);
  const body = { rule, start_ms: season.startMs, end_ms: season.endMs };
  const ask = async (keep: boolean): Promise<void> => {
    setBusy(true);
    setError("");
    try {
      const send = (signal?: AbortSignal): Promise<Claims> =>
        request("/v1/subsidy-claims", { method: "POST", body, query: { keep }, timeoutMs: TIMEOUT_MS, ...(signal ? { signal } : {}) });
      // What is to be kept is not ended by another choice.
      const found = keep ? await send() : await last.run(({ signal }) => send(signal));
      if (found === null) return;
      setClaims(found);
      setCorrections(await askCorrections(rule, false));
      if (keep) showToast(translate("saved"));
    } catch (thrown) {
      setError(errorText(thrown) ?? "");
    }
    setBusy(false);
  };
  const correct = async (): Promise<void> => {
    setBusy(true);
    try {
      await askCorrections(rule, true);
      setCorrections(null);
      showToast(translate("saved"));
    } catch (thrown) {
      setError(errorText(thrown) ?? "");
    }
    setBusy(false);
  };
  const keep = async (): Promise<void> => {
    if (
      await confirm({ title: translate("coop_claim_keep"), text: translate("coop_claim_keep_text"), action: translate("coop_claim_keep") })
    )
      await ask(true);
  };
  return (
    <div class="stack">
      <Choice
        label={translate("coop_rule")}
        value={rule}
        options={rules.map(({ id, name }) => ({ value: id, text: name }))}
        onChoose={setRule}
      />
      {admin ? (
        <div class="buttons">
          <button type="button" class="primary" data-act="preview" disabled={busy || rule === ""} onClick={() => void ask(false)}>
            {translate("coop_claim_look")}
          </button>
          <button type="button" class="secondary" disabled={busy || claims === null} onClick={() => void keep()}>
            {translate("coop_claim_keep")}
          </button>
          {rule === "" ? null : <ClaimFiles key={JSON.stringify(body)} body={body} />}
        </div>
      ) : null}
      {admin ? <Exclusions rules={rules} chosen={rules.find(({ id }) => id === rule)} /> : null}
      {busy ? <Working /> : null}
      <ErrorText error={error} />
      {corrections === null || corrections.items.length === 0 ? null : (
        <div class="stack" data-part="claim-correction">
          <p role="status">{correctionText(corrections)}</p>
          <div class="buttons">
            <button type="button" class="secondary" data-act="correct-claims" disabled={busy} onClick={() => void correct()}>
              {translate("coop_claim_correct")}
            </button>
          </div>
        </div>
      )}
      {claims === null ? null : <ClaimTable claims={claims} />}
    </div>
  );
}

/** The paper of a claim, and the pack for the office. */
function ClaimFiles({ body }: { body: { rule: string; start_ms: number; end_ms: number } }): JSX.Element {
  const of = (format: "pdf" | "zip"): RequestOptions => ({ method: "POST", body, query: { format, lang: languageOfFile() } });
  return (
    <>
      <FileButton text={translate("coop_claim_pdf")} path="/v1/subsidy-claims" name={`claim-${body.rule}.pdf`} options={of("pdf")} />
      <FileButton text={translate("coop_claim_pack")} path="/v1/subsidy-claims" name={`claims-${body.rule}.zip`} options={of("zip")} />
    </>
  );
}

/** Other rules that may be claimed for the same ground: both rules have to allow it, and both are changed. */
function Exclusions({ rules, chosen }: { rules: readonly Rule[]; chosen: Rule | undefined }): JSX.Element | null {
  const change = useWrite("put", "/v1/subsidy-rules/{thing}", { refresh: ["/v1/subsidy-rules"] });
  const others = rules.filter(({ id }) => id !== chosen?.id);
  if (chosen === undefined || others.length === 0) return null;
  const without = (rule: Rule, other: Rule): string[] =>
    (rule.excludes ?? rules.map(({ id }) => id ?? "").filter((id) => id !== rule.id)).filter((id) => id !== other.id);
  const save = (rule: Rule, excludes: string[]): Promise<unknown> =>
    change.run({ params: { path: { thing: rule.id ?? "" } }, body: { ...rule, excludes }, version: rule.version ?? "*" });
  const set = async (other: Rule, together: boolean): Promise<void> => {
    if (!together) await save(chosen, [...without(chosen, other), other.id ?? ""]);
    else if ((await save(chosen, without(chosen, other))) !== null) await save(other, without(other, chosen));
  };
  return (
    <fieldset class="layers" data-panel="exclusions">
      <legend>{translate("coop_exclusion")}</legend>
      {others.map((other) => (
        <label key={other.id}>
          <input
            type="checkbox"
            checked={!excludes(chosen, other) && !excludes(other, chosen)}
            disabled={change.saving}
            onChange={(event) => void set(other, event.currentTarget.checked)}
          />
          {other.name}
        </label>
      ))}
      <p class="note">{translate("coop_exclusion_about")}</p>
      <ErrorText error={change.error} inline />
    </fieldset>
  );
}

function excludes(rule: Rule, other: Rule): boolean {
  return rule.excludes == null || rule.excludes.includes(other.id ?? "");
}

function ClaimTable({ claims }: { claims: Claims }): JSX.Element {
  const of = (flight: Flight, text: (claim: Claim) => string): string => ("fen" in flight ? text(flight) : "—");
  const columns: Column<Flight>[] = [
    {
      key: "field",
      head: translate("coop_dispute_field"),
      cell: (flight) => (
        <>
          {flight.field_name} {flight.simulated ? <Simulated /> : null}
        </>
      ),
      sortBy: (flight) => flight.field_name,
    },
    { key: "area", head: translate("coop_claimed"), number: true, cell: (flight) => of(flight, (claim) => areaText(claim.area_m2)) },
    {
      key: "amount",
      head: translate("coop_amount"),
      number: true,
      cell: (flight) => of(flight, (claim) => yuanText(claim.fen)),
      sortBy: (flight) => ("fen" in flight ? flight.fen : -1),
    },
    { key: "holders", head: translate("coop_person"), cell: (flight) => of(flight, (claim) => claim.holders || translate("coop_nobody")) },
    { key: "when", head: translate("coop_when"), cell: (flight) => dateTimeText(flight.start_ms), sortBy: (flight) => flight.start_ms },
    {
      key: "coverage",
      head: translate("coop_coverage"),
      number: true,
      cell: (flight) => of(flight, (claim) => `${numberText(claim.coverage_pct, 1)} %`),
    },
    { key: "evidence", head: translate("coop_evidence"), cell: (flight) => of(flight, (claim) => term("evidence", claim.evidence)) },
    { key: "reason", head: translate("coop_reason"), cell: ({ reason }) => (reason === null ? "" : term("claim_reasons", reason)) },
  ];
  const { flights, claimed, not_claimed } = claims;
  return (
    <>
      <p role="status">
        <strong>{yuanText(claims.fen)}</strong> {translate("coop_claim_flights", { flights, claimed, not_claimed })} {claims.caveat}
      </p>
      {claims.simulated_fen > 0 ? (
        <p class="note">{translate("coop_claim_simulated", { amount: yuanText(claims.simulated_fen) })}</p>
      ) : null}
      <Table
        name={translate("coop_subsidies")}
        rows={[...claims.items, ...claims.unclaimed]}
        columns={columns}
        keyOf={(flight) => `${flight.field} ${flight.pass_id}`}
        empty={<p class="note">{translate("coop_no_claims")}</p>}
      />
    </>
  );
}

function AddRule(): JSX.Element {
  const add = useWrite("post", "/v1/subsidy-rules", { refresh: ["/v1/subsidy-rules"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    return noteSaved(
      await add.run({
        body: {
          name: values.text("name"),
          fen_per_mu: fenOf(values.number("fen_per_mu")),
          least_coverage_pct: values.number("least_coverage_pct") ?? 90,
          repeat_days: values.number("repeat_days") ?? 30,
          cap_mu: values.number("cap_mu"),
        },
      }),
    );
  };
  return (
    <details>
      <summary>{translate("coop_add_rule")}</summary>
      <Form name="subsidy_rule" submit={translate("coop_add_rule")} write={add} onSubmit={submit}>
        <TextField name="name" label={translate("coop_name")} required maxLength={200} />
        <div class="choices-row">
          <NumberField
            name="fen_per_mu"
            label={translate("coop_per_mu_subsidy")}
            unit={translate("coop_yuan")}
            min={0}
            step={0.01}
            required
          />
          <NumberField name="least_coverage_pct" label={translate("coop_least_coverage")} unit="%" min={0} max={100} value={90} />
          <NumberField
            name="repeat_days"
            label={translate("coop_repeat_claim")}
            unit={translate("coop_days")}
            min={0}
            max={400}
            value={30}
          />
          <NumberField name="cap_mu" label={translate("coop_cap")} unit={translate("coop_mu")} min={0} step="any" />
        </div>
      </Form>
    </details>
  );
}
