// One import: what it lacks, how far it is, or what it brought and what it did not.

import "../i18n/imports";
import type { ComponentChildren, JSX } from "preact";
import { may } from "../api/may";
import { useApi } from "../api/query";
import { useWrite } from "../api/write";
import { hrefOfDevice } from "../app/address";
import { useFarm } from "../app/mount";
import { durationText, instantOf, windowText } from "../i18n/instants";
import { bytesText, numberText, shareText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { Facts } from "../ui/facts";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import type { FileImport, ImportResult } from "./records";
import { RefusedCells } from "./refused_cells";
import { TableForm } from "./table_form";

export function ImportCard({ item }: { item: FileImport }): JSX.Element {
  const drop = useWrite("delete", "/v1/imports/{id}", { refresh: ["/v1/imports"] });
  return (
    <article class="card" data-import={item.id} data-state={item.state}>
      <header>
        <h3>
          {item.name} <span class="note">{bytesText(item.bytes)}</span>
        </h3>
      </header>
      <Body item={item} />
      {item.state === "running" ? null : (
        <AskedButton
          text={translate("import_delete")}
          question={{
            title: translate("import_delete_confirm", { name: item.name }),
            text: translate("import_delete_text"),
            action: translate("import_delete"),
          }}
          write={drop}
          run={() => drop.run({ params: { path: { id: item.id } } })}
        />
      )}
    </article>
  );
}

function Body({ item }: { item: FileImport }): JSX.Element | null {
  switch (item.state) {
    case "receiving":
      return (
        <p>
          {translate("import_receiving", {
            count: numberText(item.parts.length, 0),
            all: numberText(Math.ceil(item.bytes / item.part_bytes), 0),
          })}
        </p>
      );
    case "queued":
      return <p role="status">{translate("import_queued")}</p>;
    case "running":
      return <Running item={item} />;
    case "needs_map":
      return may("put", "/v1/imports/{id}/choice") ? <TableForm id={item.id} /> : <p>{translate("import_needs_map")}</p>;
    case "needs_start":
      return <StartForm item={item} />;
    case "failed":
      return (
        <p class="error" role="alert">
          {translate("import_failed")}: {item.error ?? ""}
        </p>
      );
    case "done":
      return <Done id={item.id} />;
  }
}

function Running({ item }: { item: FileImport }): JSX.Element {
  const { progress } = item;
  if (progress == null) return <p role="status">{translate("import_queued")}</p>;
  const share = shareText(progress.fraction);
  const phase = ({ reading: "import_reading", storing: "import_storing", waiting: "import_waiting" } as const)[progress.phase];
  return (
    <>
      <progress value={progress.fraction} max={1} aria-label={translate(phase, { share })} />
      <p role="status">
        {translate(phase, { share })}
        {progress.left_s == null || progress.phase === "waiting" ? null : (
          <span class="note"> {translate("import_left", { duration: durationText(progress.left_s) })}</span>
        )}
      </p>
    </>
  );
}

function StartForm({ item }: { item: FileImport }): JSX.Element {
  const choose = useWrite("put", "/v1/imports/{id}/choice", { refresh: ["/v1/imports"] });
  const submit = async (values: FormValues): Promise<boolean> => {
    const start = instantOf(values.text("start_ms"));
    if (start !== null) await choose.run({ params: { path: { id: item.id } }, body: { start_ms: start } });
    return false;
  };
  return (
    <>
      <p>{translate("import_needs_start")}</p>
      {may("put", "/v1/imports/{id}/choice") ? (
        <Form name="import_file" submit={translate("import_start_use")} write={choose} onSubmit={submit}>
          <TextField name="start_ms" label={translate("import_start")} type="datetime-local" required />
        </Form>
      ) : null}
    </>
  );
}

/** The result, asked for by itself: only then does the station look into its quarantine. */
function Done({ id }: { id: string }): JSX.Element | null {
  const { data } = useApi("/v1/imports/{id}", { path: { id } });
  const result = data?.result;
  if (result == null) return null;
  return (
    <>
      <p>
        <span class="state on">{translate("import_done")}</span>
      </p>
      <Result result={result} />
    </>
  );
}

function Result({ result }: { result: ImportResult }): JSX.Element {
  const farm = useFarm();
  const rows: [string, ComponentChildren][] = [
    [translate("import_points"), numberText(result.points, 0)],
    ...(result.events > 0 ? ([[translate("import_events"), numberText(result.events, 0)]] as [string, string][]) : []),
    [
      translate("import_devices"),
      result.devices.length === 0
        ? translate("import_nothing")
        : result.devices.map((device, place) => (
            <span key={device}>
              {place > 0 ? ", " : ""}
              <a href={hrefOfDevice(device, farm.devices.get(device))}>{farm.nameOf(device)}</a>
            </span>
          )),
    ],
  ];
  if (result.first_ms != null && result.last_ms != null) rows.push([translate("import_span"), windowText(result.first_ms, result.last_ms)]);
  for (const [key, counts] of [
    ["import_left_out", result.left_out],
    ["import_flagged", result.flagged],
  ] as const) {
    const texts = new Map<string, number>();
    for (const { text, count } of counts) texts.set(text, (texts.get(text) ?? 0) + count);
    if (texts.size > 0)
      rows.push([
        translate(key),
        <ul key={key} class="import-counts">
          {[...texts].map(([text, count]) => (
            <li key={text}>
              {numberText(count, 0)} × {text}
            </li>
          ))}
        </ul>,
      ]);
  }
  for (const [key, count, total] of [
    ["import_gaps", result.gaps, result.gaps_ms],
    ["import_dropouts", result.dropouts, result.dropouts_ms],
  ] as const)
    if (count > 0)
      rows.push([translate(key), translate("import_gaps_of", { count: numberText(count, 0), duration: durationText(total / 1000) })]);
  if (result.quarantined) rows.push([translate("import_quarantined"), translate("import_quarantined_of", { count: result.quarantined })]);
  return (
    <>
      <Facts class="import-facts" rows={rows} />
      {result.notes.map((note) => (
        <p key={note} class="note">
          {note}
        </p>
      ))}
      <RefusedCells cells={result.refused} />
    </>
  );
}
