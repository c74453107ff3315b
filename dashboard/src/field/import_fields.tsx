// Import of field outlines: a file is dropped, what it holds is shown, and only then stored.

import "../i18n/field";
import "../i18n/coordinates";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { reload, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { ApiError, errorText, request } from "../api/request";
import { hrefOfThing } from "../app/address";
import { areaText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { CHINESE_SYSTEMS, coordinatesText } from "../components/coordinates_text";
import { Choice } from "../ui/choice";
import { DropFile } from "../ui/drop_file";
import { Working } from "../ui/loaded";
import { showToast } from "../ui/overlays";
import { Table } from "../ui/table";
import { OutlineMap } from "./outline_map";

const TIMEOUT_MS = 300_000;
const MOST_BYTES = 32 * 1024 * 1024;
const TYPES = [".geojson", ".json", ".kml", ".kmz", ".zip"];
const MOST_ERRORS = 50;

interface Answer {
  items: FieldRecord[];
  encoding: string | null;
  encoding_by: "declared" | "detected" | "assumed" | null;
  shared_ground: { name: string; other_name: string; area_m2: number }[];
}

interface Problem {
  features?: { feature: number; name: string; detail: string }[];
}

export function ImportFields(): JSX.Element {
  const [file, setFile] = useState<File | null>(null);
  const [seen, setSeen] = useState<Answer | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | string | null>(null);
  const [stored, setStored] = useState<FieldRecord[] | null>(null);
  const [names, setNames] = useState({ farm: "", crs: "", name_property: "", owner_property: "" });

  const farms = useApiList("/v1/farms", {}).data ?? [];

  const send = async (chosen: File, dryRun: boolean): Promise<Answer | null> => {
    setBusy(true);
    setError(null);
    try {
      const { farm } = names;
      const query = Object.fromEntries(Object.entries({ ...names, farm }).filter(([, value]) => value !== ""));
      return await request<Answer>("/v1/fields/import", {
        method: "POST",
        body: chosen,
        timeoutMs: TIMEOUT_MS,
        query: { ...query, dry_run: dryRun },
      });
    } catch (thrown) {
      setError(thrown instanceof ApiError ? thrown : (errorText(thrown) ?? ""));
      return null;
    } finally {
      setBusy(false);
    }
  };
  const look = async (chosen: File): Promise<void> => {
    setFile(chosen);
    setStored(null);
    setSeen(null);
    setSeen(await send(chosen, true));
  };
  const store = async (): Promise<void> => {
    if (file === null) return;
    const answer = await send(file, false);
    if (answer === null) return;
    setStored(answer.items);
    setSeen(null);
    await reload("/v1/fields", "/v1/fields/shared-ground");
    showToast(translate("work_import_done", { count: answer.items.length }), {
      action: { text: translate("work_import_undo"), run: () => void undo(answer.items) },
    });
  };
  const undo = async (fields: FieldRecord[]): Promise<void> => {
    for (const { id, version } of fields) await request(`/v1/fields/${id}`, { method: "DELETE", headers: { "If-Match": `"${version}"` } });
    setStored(null);
    await reload("/v1/fields", "/v1/fields/shared-ground");
    showToast(translate("work_deleted"));
  };

  return (
    <section class="card" data-panel="import">
      <p class="note">{translate("work_import_about")}</p>
      {farms.length > 1 ? (
        <Choice
          label={translate("work_farm")}
          value={names.farm}
          options={farms.map(({ id, name }) => ({ value: id, text: name }))}
          onChoose={(farm) => setNames({ ...names, farm })}
        />
      ) : null}
      <DropFile
        types={TYPES}
        maxBytes={MOST_BYTES}
        disabled={busy || (farms.length > 1 && names.farm === "")}
        onFiles={([chosen]) => chosen && void look(chosen)}
        text={translate("field_import_file")}
      />
      <details>
        <summary>{translate("work_import_options")}</summary>
        <Choice
          label={translate("import_coordinates")}
          value={CHINESE_SYSTEMS.includes(names.crs) ? names.crs : ""}
          none={translate("import_coordinates_of_file")}
          options={CHINESE_SYSTEMS.map((value) => ({ value, text: coordinatesText(value) }))}
          onChoose={(crs) => setNames({ ...names, crs })}
        />
        <Option
          label={translate("field_import_crs")}
          value={CHINESE_SYSTEMS.includes(names.crs) ? "" : names.crs}
          onInput={(crs) => setNames({ ...names, crs })}
        />
        <Option
          label={translate("field_import_name")}
          value={names.name_property}
          onInput={(value) => setNames({ ...names, name_property: value })}
        />
        <Option
          label={translate("work_import_owner")}
          value={names.owner_property}
          onInput={(value) => setNames({ ...names, owner_property: value })}
        />
        {file === null ? null : (
          <button type="button" class="secondary" disabled={busy} onClick={() => void look(file)}>
            {translate("retry")}
          </button>
        )}
      </details>
      {busy ? <Working /> : null}
      {error === null ? null : <Refused error={error} />}
      {seen === null ? null : (
        <>
          <h2>{translate("work_import_preview")}</h2>
          {seen.encoding !== null && seen.encoding !== "utf-8" ? (
            <p class={seen.encoding_by === "assumed" ? "error" : "note"}>
              {translate("work_import_encoding", {
                encoding: seen.encoding.toUpperCase(),
                by: translate(`work_import_${seen.encoding_by ?? "detected"}`),
              })}
            </p>
          ) : null}
          {seen.encoding_by === "assumed" && seen.encoding === "utf-8" ? <p class="error">{translate("work_import_assumed")}</p> : null}
          <ul class="errors">
            {seen.shared_ground.slice(0, MOST_ERRORS).map(({ name, other_name, area_m2 }) => (
              <li key={`${name}-${other_name}`}>{translate("work_shared_ground", { name, other: other_name, area: areaText(area_m2) })}</li>
            ))}
          </ul>
          <OutlineMap fields={seen.items} />
          <FieldsFound fields={seen.items} />
          <div class="buttons">
            <button type="button" class="primary" disabled={busy} onClick={() => void store()}>
              {translate("work_import_store", { count: seen.items.length })}
            </button>
            <button type="button" class="secondary" onClick={() => setSeen(null)}>
              {translate("cancel")}
            </button>
          </div>
        </>
      )}
      {stored === null ? null : (
        <>
          <p role="status">{translate("work_import_done", { count: stored.length })}</p>
          <FieldsFound fields={stored} linked />
        </>
      )}
    </section>
  );
}

function FieldsFound({ fields, linked = false }: { fields: FieldRecord[]; linked?: boolean }): JSX.Element {
  return (
    <Table
      name={translate("work_import_preview")}
      rows={fields}
      keyOf={({ name }) => name}
      columns={[
        {
          key: "name",
          head: translate("field_name"),
          cell: ({ id, name }) => (linked ? <a href={hrefOfThing({ kind: "field", id })}>{name}</a> : name),
        },
        { key: "area", head: translate("area"), number: true, cell: ({ area_m2 }) => areaText(area_m2) },
        { key: "owner", head: translate("field_owner"), cell: ({ owner }) => owner || "—" },
      ]}
    />
  );
}

function Refused({ error }: { error: ApiError | string }): JSX.Element {
  const features = error instanceof ApiError ? ((error.extra as Problem).features ?? []) : [];
  return (
    <div role="alert">
      <p class="error">{error instanceof ApiError ? error.message : error}</p>
      <ul class="errors">
        {features.slice(0, MOST_ERRORS).map(({ feature, name, detail }) => (
          <li key={`${feature}-${name}`}>
            {translate("field_import_feature", { feature, name: name ? translate("in_brackets", { text: name }) : "", detail })}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Option({ label, value, onInput }: { label: string; value: string; onInput: (value: string) => void }): JSX.Element {
  const id = useId();
  return (
    <div class="labelled">
      <label for={id}>{label}</label>
      <input id={id} value={value} maxLength={64} onInput={(event) => onInput(event.currentTarget.value.trim())} />
    </div>
  );
}
