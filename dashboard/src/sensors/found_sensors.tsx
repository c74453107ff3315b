// What a gateway found: each device with its values, and what a person says of it before it is stored.

import "../i18n/sensors";
import "./sensors.css";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApiList } from "../api/query";
import { errorText } from "../api/request";
import { useFarm } from "../app/mount";
import { climateChannels, unitOfName } from "../i18n/quantities";
import { channelName, term, translate, zoneText } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { SelectField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { order, valueText, whyText, type Channel, type Connected, type Found, type FoundDevice, type Zone } from "./survey";

const ID = "[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}";
const FACTORS = ["1", "0.1", "0.01", "0.001"] as const;

interface FoundProps {
  found: readonly Found[];
  gateway: string;
  zone?: Zone;
  onConnected: (connected: Connected) => void;
}

export function FoundSensors({ found, onConnected, ...where }: FoundProps): JSX.Element {
  const [open, setOpen] = useState("");
  const all = found.flatMap((source) =>
    source.devices.map((device) => ({ source, device, id: `${source.source.name}/${source.source.registers}/${device.match}` })),
  );
  // One device that can be read in several ways is asked about at once, as the likeliest.
  const isOne = new Set(all.map(({ device }) => device.match)).size === 1;
  return (
    <ul class="stack plain-list">
      {all.map(({ source, device, id }, at) => (
        <li key={id} class="card" data-found={device.match}>
          <h3>{source.source.type === "mqtt" ? device.match : translate("sensor_unit", { unit: device.match })}</h3>
          {device.model === "" ? null : (
            <p class="note">{source.source.type === "mqtt" ? device.model : translate("sensor_read_as", { model: device.model })}</p>
          )}
          <Values device={device} />
          {open === id || (open === "" && isOne && at === 0) ? (
            <ConnectOne source={source} device={device} onConnected={onConnected} {...where} />
          ) : (
            <button type="button" class="secondary" onClick={() => setOpen(id)}>
              {translate("sensor_choose")}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Values({ device }: { device: FoundDevice }): JSX.Element | null {
  const values = Object.entries(device.values);
  if (values.length === 0) return null;
  return (
    <dl class="facts">
      {values.map(([channel, value]) => (
        <div key={channel}>
          <dt>{channelName(channel)}</dt>
          <dd>{value === null ? "—" : valueText(channel, value)}</dd>
        </div>
      ))}
    </dl>
  );
}

interface OneProps {
  source: Found;
  device: FoundDevice;
  gateway: string;
  zone?: Zone;
  onConnected: (connected: Connected) => void;
}

/** Kinds of devices that stand outside of houses. */
const OUTSIDE = ["weather", "soil"] as const;

function ConnectOne({ source, device, gateway, zone, onConnected }: OneProps): JSX.Element {
  const farm = useFarm();
  const zones = useNamedZones(zone === undefined);
  const [meanings, setMeanings] = useState<Record<string, { channel: string; factor: string }>>({});
  const [error, setError] = useState<string | null>(null);
  const proposed = freeId(source.source.type === "mqtt" ? device.match : `${device.model || "modbus"}-${device.match}`, [
    ...farm.devices.keys(),
  ]);
  const submit = async (values: FormValues): Promise<boolean> => {
    setError(null);
    const id = values.text("device");
    const where = values.text("where");
    const place = zone ?? zones.find((each) => each.id === where) ?? null;
    const kind = place === null ? where : "greenhouse";
    // What a person says of a number is in the unit of the quantity, times the factor.
    const said = Object.entries(meanings).filter(([, { channel }]) => channel !== "");
    const channels: Channel[] = [
      ...source.source.channels,
      ...said.map(([key, { channel, factor }]) => {
        const stated = source.unclear.find((number) => number.key === key)?.unit ?? null;
        return { key, channel, unit: stated ?? unitOfName(channel), scale: Number(factor) };
      }),
    ];
    try {
      const given = { ...source.source, name: id, channels, devices: [{ match: device.match, device: id, kind }] };
      const answer = await order(gateway, { type: "put_source", source: given });
      if (answer.state === "applied") onConnected({ device: id, gateway, zone: place });
      else setError(whyText(answer));
    } catch (failure) {
      setError(errorText(failure));
    }
    return false;
  };
  return (
    <Form
      name={`sensor_${gateway}_${source.source.name}_${source.source.registers}_${device.match}`}
      submit={translate("sensor_confirm")}
      onSubmit={submit}
    >
      {source.unclear.length === 0 ? null : (
        <fieldset class="stack sensor-numbers">
          <legend>{translate("sensor_unclear")}</legend>
          {source.unclear.map(({ key, value, unit, about, choices }) => (
            <Meaning
              key={key}
              name={numberName(source.source.type, key)}
              value={value}
              hasUnit={(unit ?? null) !== null}
              about={about ?? ""}
              choices={choices ?? []}
              onChoose={(channel, factor) => setMeanings((all) => ({ ...all, [key]: { channel, factor } }))}
            />
          ))}
        </fieldset>
      )}
      {zone === undefined ? (
        <SelectField
          name="where"
          label={translate("sensor_where")}
          required
          options={[
            ...zones.map(({ id, name }) => ({ value: id, text: name })),
            ...OUTSIDE.map((kind) => ({ value: kind, text: translate("sensor_outside", { kind: term("device_kinds", kind) }) })),
          ]}
        />
      ) : null}
      <TextField name="device" label={translate("sensor_name")} value={proposed} required maxLength={64} pattern={ID} />
      <ErrorText error={error} />
    </Form>
  );
}

/** Return the zones of the houses in use, each named with its house. */
function useNamedZones(enabled: boolean): Zone[] {
  const houses = useApiList("/v1/greenhouses", {}, { enabled }).data ?? [];
  const zones = useApiList("/v1/greenhouse-zones", {}, { enabled }).data ?? [];
  return zones.flatMap(({ id, name, greenhouse }) => {
    const house = houses.find((each) => each.id === greenhouse && each.active !== false);
    return house === undefined ? [] : [{ id, name: `${house.name} · ${zoneText(name)}` }];
  });
}

/** Why it is open where a number is measured. */
const PLACES = { soil: "sensor_place_soil", water: "sensor_place_water", outside: "sensor_place_outside" } as const;

interface MeaningProps {
  name: string;
  value: string;
  hasUnit: boolean;
  about: keyof typeof PLACES | "";
  choices: readonly string[];
  onChoose: (channel: string, factor: string) => void;
}

function Meaning({ name, value, hasUnit, about, choices, onChoose }: MeaningProps): JSX.Element {
  const [channel, setChannel] = useState("");
  const [factor, setFactor] = useState("1");
  const isNumber = Number.isFinite(Number(value));
  return (
    <div class="choices-row" data-number={name}>
      <strong>
        {name} = {value}
      </strong>
      <select
        aria-label={translate("sensor_means", { key: name })}
        value={channel}
        onChange={(event) => {
          setChannel(event.currentTarget.value);
          onChoose(event.currentTarget.value, factor);
        }}
      >
        <option value="">{translate("sensor_left_out")}</option>
        {(choices.length === 0 ? climateChannels() : choices).map((each) => (
          <option key={each} value={each}>
            {channelName(each)}
          </option>
        ))}
      </select>
      {about === "" ? null : <p class="note">{translate(PLACES[about])}</p>}
      {channel === "" || !isNumber || hasUnit ? null : (
        <select
          aria-label={translate("sensor_factor", { key: name })}
          value={factor}
          onChange={(event) => {
            setFactor(event.currentTarget.value);
            onChoose(channel, event.currentTarget.value);
          }}
        >
          {FACTORS.map((each) => (
            <option key={each} value={each}>
              {`× ${each} = ${valueText(channel, Number(value) * Number(each))}`}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}

/** Return what a number of a sensor is called: a register in words, anything else by the sensor's own name. */
function numberName(type: Found["source"]["type"], key: string): string {
  const register = type === "modbus_tcp" ? /^([34]):(\d+):int16$/.exec(key) : null;
  if (register === null) return key;
  return translate(register[1] === "3" ? "sensor_holding" : "sensor_input", { address: register[2] ?? "" });
}

/** Return an id for a device that no other has, from what it is called. */
function freeId(name: string, taken: readonly string[]): string {
  const plain =
    name
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, "-")
      .replace(/^[^a-z0-9]+/, "")
      .slice(0, 56) || "sensor";
  if (!taken.includes(plain)) return plain;
  for (let at = 2; ; at += 1) if (!taken.includes(`${plain}-${at}`)) return `${plain}-${at}`;
}
