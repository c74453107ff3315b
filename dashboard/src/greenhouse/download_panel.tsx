// Any value of any period as a table: a device, its quantities, two dates.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { useApi } from "../api/query";
import { useFarm } from "../app/mount";
import { FileButton } from "../components/file_button";
import { fileName } from "../components/files";
import { dateOf } from "../i18n/instants";
import { channelName, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { DateRange, type Period } from "../ui/date_range";
import { Loaded } from "../ui/loaded";

const DAY_MS = 86_400_000;
const FORMS = [
  { type: "text/csv", ending: "csv", text: "greenhouse_download_csv" },
  { type: "application/vnd.apache.parquet", ending: "parquet", text: "greenhouse_download_parquet" },
] as const;

export function DownloadPanel({ devices }: { devices: readonly string[] }): JSX.Element {
  const farm = useFarm();
  const [chosen, setChosen] = useState("");
  const [period, setPeriod] = useState<Period>({ startMs: nowMs() - 28 * DAY_MS, endMs: null });
  const [standing = ""] = devices;
  const device = devices.includes(chosen) ? chosen : standing;
  return (
    <>
      <h2>{translate("greenhouse_download")}</h2>
      <p class="note">{translate("greenhouse_download_about")}</p>
      {devices.length === 0 ? (
        <p class="note">{translate("no_data")}</p>
      ) : (
        <>
          <Choice
            label={translate("device")}
            value={device}
            options={devices.map((each) => ({ value: each, text: farm.nameOf(each) }))}
            onChoose={setChosen}
          />
          <DateRange period={period} onChange={setPeriod} lengthsDays={[1, 7, 28, 90]} />
          <Quantities key={device} device={device} name={farm.nameOf(device)} period={period} />
        </>
      )}
    </>
  );
}

function Quantities({ device, name, period }: { device: string; name: string; period: Period }): JSX.Element {
  const detail = useApi("/v1/devices/{device}", { path: { device } });
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const toggle = (channel: string, taken: boolean): void => {
    const others = new Set(left);
    if (taken) others.delete(channel);
    else others.add(channel);
    setLeft(others);
  };
  return (
    <Loaded state={detail}>
      {({ channels }) => {
        const taken = Object.keys(channels).filter((channel) => !left.has(channel));
        return (
          <>
            <fieldset class="layers">
              <legend>{translate("greenhouse_download_quantities")}</legend>
              {Object.keys(channels).map((channel) => (
                <label key={channel}>
                  <input type="checkbox" checked={!left.has(channel)} onChange={(event) => toggle(channel, event.currentTarget.checked)} />
                  {channelName(channel)}
                </label>
              ))}
            </fieldset>
            {taken.length === 0 ? null : <Files device={device} name={name} period={period} channels={taken} />}
          </>
        );
      }}
    </Loaded>
  );
}

function Files({
  device,
  name,
  period,
  channels,
}: {
  device: string;
  name: string;
  period: Period;
  channels: readonly string[];
}): JSX.Element {
  const { startMs, endMs } = period;
  // The end is that of the choice, and not of each drawing.
  const end = useMemo(() => Math.round(endMs ?? nowMs()), [startMs, endMs]);
  const query = { channel: channels, start: Math.round(startMs), end };
  const file = `${fileName(name)}-${dateOf(query.start)}-${dateOf(query.end - 1)}`;
  const path = `/v1/devices/${encodeURIComponent(device)}/series`;
  return (
    <div class="choices-row">
      {FORMS.map(({ type, ending, text }) => (
        <FileButton
          key={ending}
          text={translate(text)}
          path={path}
          name={`${file}.${ending}`}
          options={{ query, headers: { Accept: type } }}
        />
      ))}
    </div>
  );
}
