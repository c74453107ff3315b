// Statements: a tariff, a run with its progress, and the statements of a run.

import { onlyOf } from "../components/choice";
import "../i18n/cooperative";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may } from "../api/may";
import { reload, useApiList } from "../api/query";
import type { ListItem } from "../api/client";
import { errorText, request, requestAll } from "../api/request";
import { useWrite } from "../api/write";
import { FileButton } from "../components/file_button";
import { Simulated } from "../components/simulated";
import { dateText, dateTimeText } from "../i18n/instants";
import { areaText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { NumberField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved } from "../ui/overlays";
import { Table, type Column } from "../ui/table";
import { fenOf, yuanText } from "./money";
import { RunPreview, type Preview } from "./run_preview";
import { useSeason, type Season } from "./season_period";

type Run = ListItem<"/v1/statement-runs">;
type Statement = ListItem<"/v1/statements">;
type Tariff = ListItem<"/v1/tariffs">;
type PassToSettle = ListItem<"/v1/statement-passes">;
const PASS_TIMEOUT_MS = 300_000;

export function languageOfFile(): "zh" | "en" {
  return currentLanguage() === "zh-CN" ? "zh" : "en";
}

export function Statements(): JSX.Element {
  const [season, choice] = useSeason();
  const tariffs = useApiList("/v1/tariffs", {});
  const [shown, setShown] = useState<string | null>(null);
  return (
    <>
      <section class="card" data-panel="run">
        {choice}
        <Loaded state={tariffs}>
          {(list) =>
            list.length === 0 ? (
              <p class="note">{translate("coop_no_tariff")}</p>
            ) : may("post", "/v1/statement-runs") ? (
              <RunForm tariffs={list} season={season} onMade={(run) => setShown(run.id)} />
            ) : null
          }
        </Loaded>
        <AddTariff />
      </section>
      <Runs shown={shown} onShow={setShown} />
      {shown === null ? null : <RunStatements key={shown} run={shown} />}
    </>
  );
}

function RunForm({ tariffs, season, onMade }: { tariffs: Tariff[]; season: Season; onMade: (run: Run) => void }): JSX.Element {
  const [tariff, setTariff] = useState(onlyOf(tariffs)?.id ?? "");
  const [progress, setProgress] = useState<{ done: number; count: number } | null>(null);
  const [told, setTold] = useState<string[]>([]);
  const [correction, setCorrection] = useState<string | null>(null);
  const [preview, setPreview] = useState<Preview | null>(null);
  // A preview of another tariff or season is not of the run that would be made.
  useEffect(() => {
    setPreview(null);
    setCorrection(null);
  }, [tariff, season.startMs, season.endMs]);
  const run = async (isConfirmed: boolean): Promise<void> => {
    setTold([]);
    setCorrection(null);
    setPreview(null);
    setProgress({ done: 0, count: 0 });
    const failed: string[] = [];
    try {
      const passes = await requestAll<PassToSettle>("/v1/statement-passes", {
        query: { start: season.startMs, end: season.endMs },
        timeoutMs: PASS_TIMEOUT_MS,
      });
      if (!isConfirmed) {
        const query = { tariff, start: season.startMs, end: season.endMs };
        const found = await request<Preview>("/v1/statement-runs/preview", { query, timeoutMs: PASS_TIMEOUT_MS });
        const byCells = passes.filter((pass) => pass.by_cells > 0);
        if (byCells.length > 0) setCorrection(await previewCorrection(byCells, (done) => setProgress({ done, count: byCells.length })));
        setPreview(found);
        return;
      }
      for (const [at, { pass_id }] of passes.entries()) {
        setProgress({ done: at + 1, count: passes.length });
        try {
          await request(`/v1/passes/${encodeURIComponent(pass_id)}/treated`, { method: "POST", timeoutMs: PASS_TIMEOUT_MS });
        } catch (error) {
          failed.push(errorText(error) ?? "");
        }
      }
      const body = { tariff, start_ms: season.startMs, end_ms: season.endMs };
      const made = await request<Run>("/v1/statement-runs", { method: "POST", body, timeoutMs: PASS_TIMEOUT_MS });
      const [firstWhy] = failed;
      setTold([
        translate("coop_made", { count: made.people, amount: yuanText(made.charged_fen) }),
        ...(failed.length > 0 ? [translate("coop_not_recorded", { count: failed.length, why: firstWhy ?? "" })] : []),
        ...(made.not_charged && made.not_charged.length > 0 ? [translate("coop_not_charged", { count: made.not_charged.length })] : []),
      ]);
      await reload("/v1/statement-runs");
      onMade(made);
    } catch (error) {
      setTold([errorText(error) ?? ""]);
    } finally {
      setProgress(null);
    }
  };
  const text = progress === null ? "" : progress.count === 0 ? translate("coop_settling") : translate("coop_recording", { ...progress });
  return (
    <div class="stack">
      <Choice
        label={translate("coop_tariff")}
        value={tariff}
        options={tariffs.map(({ id, name }) => ({ value: id, text: name }))}
        onChoose={setTariff}
      />
      <div class="buttons">
        <button type="button" class="primary" data-act="run" disabled={progress !== null || tariff === ""} onClick={() => void run(false)}>
          {translate("coop_preview_run")}
        </button>
      </div>
      {preview === null ? null : (
        <div class="stack" data-part="correction">
          <RunPreview preview={preview} />
          {correction === null ? null : <p role="status">{correction}</p>}
          <div class="buttons">
            <button type="button" class="primary" data-act="correct" onClick={() => void run(true)}>
              {translate(correction === null ? "coop_run" : "coop_correct_and_run")}
            </button>
            <button type="button" class="secondary" onClick={() => setPreview(null)}>
              {translate("cancel")}
            </button>
          </div>
        </div>
      )}
      {progress === null ? null : (
        <p class="progress" role="status">
          <progress aria-label={text} {...(progress.count > 0 ? { max: progress.count, value: progress.done } : {})} /> {text}
        </p>
      )}
      {told.map((sentence) => (
        <p key={sentence} role="status">
          {sentence}
        </p>
      ))}
    </div>
  );
}

/** Say what recording passes anew would correct; nothing is written. */
async function previewCorrection(passes: PassToSettle[], onDone: (done: number) => void): Promise<string> {
  let [beforeM2, afterM2, count] = [0, 0, 0];
  for (const [at, { pass_id }] of passes.entries()) {
    onDone(at + 1);
    try {
      const { items } = await request<{ items: { area_m2: number; corrects: { area_m2: number } | null }[] }>(
        `/v1/passes/${encodeURIComponent(pass_id)}/treated`,
        { timeoutMs: PASS_TIMEOUT_MS },
      );
      const corrected = items.filter(({ corrects }) => corrects !== null);
      if (corrected.length > 0) count += 1;
      beforeM2 += corrected.reduce((sum, { corrects }) => sum + (corrects?.area_m2 ?? 0), 0);
      afterM2 += corrected.reduce((sum, { area_m2 }) => sum + area_m2, 0);
    } catch (error) {
      // A pass whose samples are gone keeps its entry.
      if (errorText(error) === null) throw error;
    }
  }
  return translate("coop_correction", { count, before: areaText(beforeM2), after: areaText(afterM2) });
}

function AddTariff(): JSX.Element {
  const add = useWrite("post", "/v1/tariffs", { refresh: ["/v1/tariffs"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    return noteSaved(
      await add.run({
        body: {
          name: values.text("name"),
          per_mu_fen: fenOf(values.number("per_mu_fen")),
          per_kg_fen: fenOf(values.number("per_kg_fen")),
          minimum_fen: fenOf(values.number("minimum_fen")),
          night_pct: values.number("night_pct") ?? 0,
          repeat_days: values.number("repeat_days") ?? 7,
        },
      }),
    );
  };
  const yuan = translate("coop_yuan");
  return (
    <details>
      <summary>{translate("coop_add_tariff")}</summary>
      <Form name="tariff" submit={translate("coop_add_tariff")} write={add} onSubmit={submit}>
        <TextField name="name" label={translate("coop_name")} required maxLength={200} />
        <div class="choices-row">
          <NumberField name="per_mu_fen" label={translate("coop_per_mu")} unit={yuan} min={0} step={0.01} />
          <NumberField name="per_kg_fen" label={translate("coop_per_kg")} unit={yuan} min={0} step={0.01} />
          <NumberField name="minimum_fen" label={translate("coop_minimum")} unit={yuan} min={0} step={0.01} />
        </div>
        <div class="choices-row">
          <NumberField name="night_pct" label={translate("coop_night")} unit="%" min={0} max={1000} />
          <NumberField name="repeat_days" label={translate("coop_repeat")} unit={translate("coop_days")} min={0} max={400} value={7} />
        </div>
      </Form>
    </details>
  );
}

function Runs({ shown, onShow }: { shown: string | null; onShow: (run: string) => void }): JSX.Element {
  const runs = useApiList("/v1/statement-runs", {});
  const columns: Column<Run>[] = [
    {
      key: "period",
      head: translate("coop_period"),
      cell: (run) => (
        <>
          {`${dateText(run.start_ms)} – ${dateText(run.end_ms - 1)}`} {run.simulated ? <Simulated /> : null}
        </>
      ),
    },
    {
      key: "made",
      head: translate("coop_made_on"),
      cell: (run) => dateTimeText(run.created_ms ?? 0),
      sortBy: (run) => run.created_ms ?? 0,
    },
    { key: "charged", head: translate("coop_charged"), number: true, cell: (run) => yuanText(run.charged_fen) },
    { key: "area", head: translate("coop_area"), number: true, cell: (run) => areaText(run.area_m2) },
    {
      key: "do",
      head: translate("actions"),
      cell: (run) => (
        <button type="button" class="plain" aria-pressed={run.id === shown} onClick={() => onShow(run.id ?? "")}>
          {translate("coop_show")}
        </button>
      ),
    },
  ];
  return (
    <section class="card" data-panel="runs">
      <h2>{translate("coop_runs")}</h2>
      <Loaded state={runs}>
        {(items) => (
          <Table
            name={translate("coop_runs")}
            rows={items}
            columns={columns}
            keyOf={(run) => run.id ?? ""}
            sorted={{ key: "made", descending: true }}
            empty={<p class="note">{translate("coop_no_runs")}</p>}
          />
        )}
      </Loaded>
    </section>
  );
}

function RunStatements({ run }: { run: string }): JSX.Element {
  const statements = useApiList("/v1/statements", { query: { run } });
  const people = useApiList("/v1/people", {});
  const names = new Map((people.data ?? []).map((person) => [person.id, person.name]));
  const language = languageOfFile();
  return (
    <section class="card" data-panel="statements">
      <h2>{translate("coop_statements")}</h2>
      <FileButton
        text={translate("coop_all_xlsx")}
        path={`/v1/statement-runs/${run}`}
        name={`statements-${run}.xlsx`}
        options={{ query: { format: "xlsx", lang: language } }}
      />
      <Loaded state={statements}>{(items) => <StatementTable statements={items} names={names} />}</Loaded>
    </section>
  );
}

function isSimulated(line: Record<string, unknown>): boolean {
  return line["simulated"] === true;
}

export function StatementTable({ statements, names }: { statements: Statement[]; names: Map<string | undefined, string> }): JSX.Element {
  const language = languageOfFile();
  const nameOf = (statement: Statement): string =>
    statement.person === null ? translate("coop_nobody") : (names.get(statement.person) ?? "—");
  const columns: Column<Statement>[] = [
    {
      key: "person",
      head: translate("coop_person"),
      cell: (statement) => (
        <a
          href={`/v1/statements/${statement.id}?format=html&lang=${language}`}
          target="_blank"
          rel="noreferrer"
          aria-label={translate("coop_print_of", { name: nameOf(statement) })}
        >
          {nameOf(statement)}
        </a>
      ),
      sortBy: nameOf,
    },
    {
      key: "balance",
      head: translate("coop_balance"),
      number: true,
      cell: (statement) => yuanText(statement.balance_fen),
      sortBy: (statement) => statement.balance_fen,
    },
    {
      key: "area",
      head: translate("coop_area"),
      number: true,
      cell: (statement) => areaText(statement.area_m2),
      sortBy: (statement) => statement.area_m2,
    },
    {
      key: "period",
      head: translate("coop_period"),
      cell: (statement) => (
        <>
          {`${dateText(statement.start_ms)} – ${dateText(statement.end_ms - 1)}`} {statement.lines.some(isSimulated) ? <Simulated /> : null}
        </>
      ),
      sortBy: (statement) => statement.start_ms,
    },
  ];
  return (
    <Table
      name={translate("coop_statements")}
      rows={statements}
      columns={columns}
      keyOf={(statement) => statement.id ?? ""}
      searchIn={nameOf}
      sorted={{ key: "person" }}
      empty={<p class="note">{translate("coop_no_runs")}</p>}
    />
  );
}
