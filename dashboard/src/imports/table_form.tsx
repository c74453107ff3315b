// What the columns of a table are: device, time and its zone, quantities and units; tried on the first rows before it is imported.

import { onlyOf } from "../components/choice";
import "../i18n/coordinates";
import "../i18n/imports";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi, useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite } from "../api/write";
import { useFarm } from "../app/mount";
import { siteText } from "../i18n/device_names";
import { collator } from "../i18n/formatters";
import { dateTimeText } from "../i18n/instants";
import { numberText, unitText } from "../i18n/numbers";
import { digitsOf, isClimate, unitOfName } from "../i18n/quantities";
import { channelName, listText, term, translate } from "../i18n/translate";
import { CHINESE_SYSTEMS, coordinatesText } from "../components/coordinates_text";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { Loaded } from "../ui/loaded";
import { useUniqueId } from "../ui/unique_id";
import type { Converted, Preview, TableChoice } from "./records";
import { RefusedCells } from "./refused_cells";
import { choiceUnitText, unitOf } from "./table_units";
import { formatsOf } from "./time_formats";

const KINDS = ["greenhouse", "weather", "soil", "machine"] as const;
/** Quantities that only a combine or tractor has. */
const MACHINE = /^(harvest_|grain_|working_width_)/;
/** The site of a farm without any in its registry, as gateways call it. */
const NO_SITE = "home";
const NEW = "";
/** Channels that are a part of a place. */
const PLACE = /(longitude|latitude)_deg/;
type Coordinates = NonNullable<TableChoice["coordinates"]>;
const SYSTEMS = ["WGS-84", ...CHINESE_SYSTEMS] as Coordinates[];
const TIME = "time";
const ENCODINGS = ["utf-8", "gb18030", "windows-1252", "latin-1"] as const;
const DELIMITERS = [",", ";", "\t", "|"] as const;

interface ColumnState {
  /** A channel, "time", or "" for a column that is not imported. */
  meaning: string;
  unit: string;
}

export function TableForm({ id }: { id: string }): JSX.Element {
  const [reading, setReading] = useState<{ encoding?: string; delimiter?: string }>({});
  const preview = useApi("/v1/imports/{id}/preview", { path: { id }, query: reading as { encoding?: string } }, { keep: true });
  return (
    <Loaded state={preview}>
      {(seen) => (
        // Other names of columns are other choices.
        <Choices key={seen.columns.map(({ name }) => name).join("\n")} id={id} seen={seen} reading={reading} onReading={setReading} />
      )}
    </Loaded>
  );
}

interface ChoicesProps {
  id: string;
  seen: Preview;
  reading: { encoding?: string; delimiter?: string };
  onReading: (reading: { encoding?: string; delimiter?: string }) => void;
}

function Choices({ id, seen, reading, onReading }: ChoicesProps): JSX.Element {
  const farm = useFarm();
  const sites = useApiList("/v1/sites", {});
  const used = inUse(sites.data);
  const units = new Map(seen.quantities.map((quantity) => [quantity.channel, quantity.units]));
  const unitsOf = (channel: string): readonly string[] => units.get(channel.split(":")[0] ?? "") ?? [];
  const [columns, setColumns] = useState<ColumnState[]>(() =>
    seen.proposal.columns.map(({ name, channel, unit }) => ({ meaning: name === seen.proposal.time?.column ? TIME : channel, unit })),
  );
  const [device, setDevice] = useState<{ id: string; name: string; kind: string; site: string }>({
    id: NEW,
    name: seen.station,
    kind: seen.kind,
    site: "",
  });
  const kind =
    farm.devices.get(device.id)?.kind ?? (device.kind || (columns.some(({ meaning }) => MACHINE.test(meaning)) ? "machine" : "greenhouse"));
  const timeAt = columns.findIndex(({ meaning }) => meaning === TIME);
  const formats = timeAt < 0 ? [] : formatsOf(seen.rows.map((row) => row[timeAt] ?? ""));
  const [format, setFormat] = useState(seen.proposal.time?.format ?? "");
  const [zone, setZone] = useState(seen.proposal.time?.zone ?? "");
  const [decimal, setDecimal] = useState<"." | ",">(seen.proposal.decimal);
  const [coordinates, setCoordinates] = useState<Coordinates>(seen.proposal.coordinates);
  const [tried, setTried] = useState<Converted | null>(null);
  const [lacking, setLacking] = useState<readonly string[]>([]);
  const choose = useWrite("put", "/v1/imports/{id}/choice", { refresh: ["/v1/imports"] });

  const kinds = [...new Set<string>([...KINDS, seen.kind])].filter(Boolean);
  const known = [...farm.devices.values()].filter(({ kind }) => kinds.includes(kind));
  const zones = [...new Set((sites.data ?? []).map((site) => site.time_zone).filter((name): name is string => Boolean(name)))];
  const stated = seen.proposal.time?.zone ?? "";
  const others = [...new Set([stated, "UTC", "+08:00", "Asia/Shanghai", "Europe/Berlin", "Europe/Amsterdam", "America/Chicago"])].filter(
    (name) => name !== "" && !zones.includes(name),
  );
  // One format alone reads these cells: it is what they say.
  const chosenFormat = format !== "" && formats.some((each) => each.id === format) ? format : (onlyOf(formats)?.id ?? "");
  const change = (place: number, changes: Partial<ColumnState>): void => {
    setTried(null);
    setColumns((all) =>
      all.map((each, at) => {
        if (at === place) return { ...each, ...changes };
        return changes.meaning === TIME && each.meaning === TIME ? { meaning: "", unit: "" } : each;
      }),
    );
  };
  const measured = columns.flatMap(({ meaning, unit }, place) =>
    meaning === "" || meaning === TIME ? [] : [{ column: seen.columns[place]?.name ?? "", channel: meaning, unit }],
  );
  const hasPlaces = measured.some(({ channel }) => PLACE.test(channel));
  const siteOfNew = device.site || onlyOf(used)?.name || (used.length === 0 ? NO_SITE : "");
  const site = device.id === NEW ? siteOfNew : (farm.devices.get(device.id)?.site ?? NO_SITE);
  const name = device.id === NEW ? device.name.trim() : device.id;

  /** Return the labels of what is still to be chosen. */
  function lacks(): string[] {
    return [
      name === "" ? translate("import_device_id") : "",
      site === "" ? translate("import_site") : "",
      timeAt < 0 ? translate("import_time_column") : "",
      chosenFormat === "" ? translate("import_time_format") : "",
      zone === "" ? translate("import_zone") : "",
      measured.length === 0 ? translate("import_meaning_of_any") : "",
      ...measured.map(({ column, unit }) => (unit === "" ? translate("import_unit_of", { column }) : "")),
    ].filter(Boolean);
  }

  function choice(): TableChoice {
    return {
      device: name,
      kind,
      site,
      time: { column: seen.columns[timeAt]?.name ?? "", format: chosenFormat, zone },
      columns: measured,
      ignored: columns.flatMap(({ meaning }, place) => (meaning === "" ? [seen.columns[place]?.name ?? ""] : [])).filter(Boolean),
      delimiter: seen.delimiter,
      decimal,
      encoding: seen.encoding as (typeof ENCODINGS)[number],
      lines_before: seen.lines_before,
      lines_below: seen.lines_below,
      missing: [...seen.missing],
      coordinates: hasPlaces ? coordinates : "WGS-84",
      layout: seen.layout,
    };
  }

  const send = async (dryRun: boolean): Promise<void> => {
    const missing = lacks();
    setLacking(missing);
    if (missing.length > 0) return;
    const answer = await choose.run({ params: { path: { id }, query: { dry_run: dryRun } }, body: { table: choice() } });
    if (dryRun) setTried(answer !== null && answer !== true && "rows" in answer ? answer : null);
  };
  const set =
    <Value,>(setter: (value: Value) => void) =>
    (value: Value): void => {
      setTried(null);
      setter(value);
    };

  return (
    <div class="stack" data-panel="table">
      <p>{seen.maker === "" ? translate("import_needs_map") : translate("import_recognised", { maker: seen.maker })}</p>
      {seen.is_utf8 ? null : <p class="note">{translate("import_encoding_assumed")}</p>}
      <div class="choices-row">
        <Choice
          label={translate("import_device")}
          value={device.id}
          options={[
            { value: NEW, text: translate("import_device_new") },
            ...known.map((each) => ({ value: each.id, text: farm.nameOf(each.id) })),
          ]}
          onChoose={set((value) => setDevice({ ...device, id: value }))}
        />
        {device.id === NEW ? (
          <>
            <TextChoice
              label={translate("import_device_id")}
              hint={translate("import_device_hint")}
              value={device.name}
              onInput={set((name) => setDevice({ ...device, name }))}
            />
            <Choice
              label={translate("import_kind")}
              value={kind}
              options={kinds.map((value) => ({ value, text: term("device_kinds", value) }))}
              onChoose={set((chosen) => setDevice({ ...device, kind: chosen }))}
            />
            {used.length > 1 ? (
              <Choice
                label={translate("import_site")}
                value={device.site}
                none={translate("choose")}
                options={used.map(({ name }) => ({ value: name, text: siteText(name) }))}
                onChoose={set((site) => setDevice({ ...device, site }))}
              />
            ) : null}
          </>
        ) : null}
      </div>
      <div class="choices-row">
        <Choice
          label={translate("import_time_column")}
          value={timeAt < 0 ? "" : String(timeAt)}
          none={translate("choose")}
          options={seen.columns.map(({ name }, place) => ({ value: String(place), text: name }))}
          onChoose={(value) => (value === "" ? undefined : change(Number(value), { meaning: TIME, unit: "" }))}
        />
        <Choice
          label={translate("import_time_format")}
          value={chosenFormat}
          none={translate("choose")}
          options={formats.map((each) => ({ value: each.id, text: `${each.example} (${translate(each.text)})` }))}
          onChoose={set(setFormat)}
        />
        <Choice
          label={translate("import_zone")}
          value={zone}
          none={translate("choose")}
          options={[
            ...zones.map((name) => ({ value: name, text: name })),
            ...others.map((name) => ({ value: name, text: translate("import_zone_other", { zone: name }) })),
          ]}
          onChoose={set(setZone)}
        />
      </div>
      <details>
        <summary>{translate("import_reading_options")}</summary>
        <div class="choices-row">
          <Choice
            label={translate("import_encoding")}
            value={seen.encoding}
            options={ENCODINGS.map((value) => ({ value, text: value.toUpperCase() }))}
            onChoose={(encoding) => onReading({ ...reading, encoding })}
          />
          <Choice
            label={translate("import_delimiter")}
            value={seen.delimiter}
            options={DELIMITERS.map((value) => ({ value, text: value === "\t" ? translate("import_tab") : value }))}
            onChoose={(delimiter) => onReading({ ...reading, delimiter })}
          />
          <Choice
            label={translate("import_decimal")}
            value={decimal}
            options={[".", ","].map((value) => ({ value, text: value }))}
            onChoose={set((value) => setDecimal(value as "." | ","))}
          />
        </div>
      </details>
      {hasPlaces ? (
        <Choice
          label={translate("import_coordinates")}
          value={coordinates}
          options={SYSTEMS.map((value) => ({ value, text: coordinatesText(value) }))}
          onChoose={set((value) => setCoordinates(value))}
        />
      ) : null}
      <fieldset class="import-columns">
        <legend>{translate("import_columns")}</legend>
        {seen.columns.map(({ name, unit }, place) => {
          const column = columns[place] ?? { meaning: "", unit: "" };
          const proposed = seen.proposal.columns[place];
          const isProposed =
            proposed !== undefined && proposed.channel !== "" && proposed.channel === column.meaning && proposed.unit === column.unit;
          return (
            <div class="import-column" key={name}>
              <strong>{name}</strong>
              <span class="note">
                {seen.rows
                  .slice(0, 3)
                  .map((row) => row[place]?.trim())
                  .filter(Boolean)
                  .join(" · ")}
              </span>
              {column.meaning === TIME ? (
                <span>{translate("import_time")}</span>
              ) : (
                <>
                  <QuantityChoice
                    label={translate("import_meaning_of", { column: name })}
                    value={column.meaning}
                    channels={[...new Set([...units.keys(), ...columns.map(({ meaning }) => meaning)])].filter(
                      (each) => each !== "" && each !== TIME,
                    )}
                    onChoose={(meaning) => change(place, { meaning, unit: unitOf(unitsOf(meaning), unit) })}
                  />
                  {isProposed ? (
                    <span class="note">{translate(proposed.is_unit_stated ? "import_proposed" : "import_proposed_unit")}</span>
                  ) : null}
                  {/* A single unit is displayed, too: the column may have another. */}
                  {unitsOf(column.meaning).length > 0 && unitsOf(column.meaning)[0] !== "1" ? (
                    <select
                      aria-label={translate("import_unit_of", { column: name })}
                      value={column.unit}
                      onChange={(event) => change(place, { unit: event.currentTarget.value })}
                    >
                      <option value="">{translate("choose")}</option>
                      {unitsOf(column.meaning).map((each) => (
                        <option key={each} value={each}>
                          {choiceUnitText(each)}
                        </option>
                      ))}
                    </select>
                  ) : null}
                </>
              )}
            </div>
          );
        })}
      </fieldset>
      {lacking.length > 0 ? (
        <p class="error" role="alert">
          {translate("import_lacks", { what: listText(lacking) })}
        </p>
      ) : null}
      <ErrorText error={choose.error} />
      {tried === null ? null : <Tried tried={tried} units={units} name={device.id === NEW ? device.name : farm.nameOf(device.id)} />}
      <div class="buttons">
        {tried === null ? (
          <button type="button" class="primary" disabled={choose.saving} onClick={() => void send(true)}>
            {translate("import_try")}
          </button>
        ) : (
          <button type="button" class="primary" disabled={choose.saving} onClick={() => void send(false)}>
            {translate("import_store")}
          </button>
        )}
      </div>
    </div>
  );
}

interface TriedProps {
  tried: Converted;
  units: ReadonlyMap<string, readonly string[]>;
  name: string;
}

function Tried({ tried, units, name }: TriedProps): JSX.Element {
  const inBrackets = (unit: string): string => (unit === "1" ? "" : `[${unitText(unit)}]`);
  const channels = [...new Set(tried.rows.flatMap(({ values }) => Object.keys(values)))];
  return (
    <>
      <h4>{translate("import_as_stored")}</h4>
      <p class="note">{translate(tried.is_new ? "import_to_new" : "import_to_existing", { device: name })}</p>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{translate("import_time")}</th>
              {channels.map((channel) => (
                <th scope="col" key={channel}>
                  {channelName(channel)} {inBrackets(units.get(channel.split(":")[0] ?? "")?.[0] ?? "1")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tried.rows.map(({ time_ms, values }) => (
              <tr key={time_ms}>
                <th scope="row">{dateTimeText(time_ms)}</th>
                {channels.map((channel) => (
                  <td key={channel} class="number">
                    {values[channel] == null ? "—" : numberText(values[channel], digitsOf(unitOfName(channel), channel))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <RefusedCells cells={tried.refused} />
    </>
  );
}

function QuantityChoice(props: {
  label: string;
  value: string;
  channels: readonly string[];
  onChoose: (value: string) => void;
}): JSX.Element {
  const { label, value, channels, onChoose } = props;
  const group = (climate: boolean): JSX.Element[] =>
    channels
      .filter((channel) => isClimate(channel) === climate)
      .map((channel) => ({ channel, name: channelName(channel) }))
      .sort((one, other) => collator().compare(one.name, other.name))
      .map(({ channel, name }) => (
        <option key={channel} value={channel}>
          {name}
        </option>
      ));
  return (
    <select aria-label={label} value={value} onChange={(event) => onChoose(event.currentTarget.value)}>
      <option value="">{translate("import_ignore")}</option>
      <optgroup label={translate("import_climate")}>{group(true)}</optgroup>
      <optgroup label={translate("import_vehicle")}>{group(false)}</optgroup>
    </select>
  );
}

function TextChoice(props: { label: string; hint: string; value: string; onInput: (value: string) => void }): JSX.Element {
  const id = useUniqueId();
  return (
    <div class="labelled">
      <label for={id}>{props.label}</label>
      <input
        id={id}
        value={props.value}
        maxLength={64}
        aria-describedby={`${id}-hint`}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      <span class="note" id={`${id}-hint`}>
        {props.hint}
      </span>
    </div>
  );
}
