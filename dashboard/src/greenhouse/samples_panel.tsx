// All samples of one channel in a chart, up to 100,000 points.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useApi } from "../api/query";
import { request } from "../api/request";
import { ChartPanel } from "../answers/chart_panel";
import { useLastChoice, useView } from "../app/mount";
import { TaskLine, useTask } from "../components/task";
import { shownOption } from "../components/choice";
import { numberText } from "../i18n/numbers";
import { fitsQuantity } from "../i18n/quantity_search";
import { channelName, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { useUniqueId } from "../ui/unique_id";
import type { Overview } from "./records";

export const MAX_POINTS = 100_000;

interface SeriesAnswer {
  aggregation: { method: string; step_ms: number | null } | null;
  time_ms: number[];
  channels: Record<string, (number | null)[]>;
  units: Record<string, string>;
}

export function SamplesPanel({ overview }: { overview: Overview }): JSX.Element {
  const { farm } = useView();
  const [isOpen, setOpen] = useState(false);
  const [points, setPoints] = useState<number | null>(null);
  const [asked, setAsked] = useState("");
  const device = shownOption(overview.devices, asked);
  return (
    <details
      class="card fold"
      data-panel="samples"
      data-points={points ?? undefined}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>
        <h2>{translate("greenhouse_samples")}</h2>
      </summary>
      <div class="fold-place">
        <p class="note">{translate("greenhouse_samples_about")}</p>
        <Choice
          label={translate("device")}
          value={device}
          options={overview.devices.map((each) => ({ value: each, text: farm.nameOf(each) }))}
          onChoose={setAsked}
        />
        {isOpen && device !== "" ? <Samples device={device} overview={overview} onPoints={setPoints} /> : null}
      </div>
    </details>
  );
}

interface SamplesProps {
  device: string;
  overview: Overview;
  onPoints: (count: number) => void;
}

function Samples({ device, overview, onPoints }: SamplesProps): JSX.Element {
  const id = useUniqueId();
  const detail = useApi("/v1/devices/{device}", { path: { device } });
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState("air_temperature_degc");
  const channels = Object.keys(detail.data?.channels ?? {});
  // All where none fits what was typed; the chosen one stays chosen while it fits.
  const fitting = channels.filter((each) => fitsQuantity(each, typed));
  const offered = fitting.length > 0 ? fitting : channels;
  const channel = shownOption(offered, chosen);
  return (
    <>
      <div class="choices-row">
        <div class="labelled">
          <label for={id}>{translate("greenhouse_quantity_search")}</label>
          <input id={id} type="search" autocomplete="off" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </div>
        <Choice
          label={translate("quantity")}
          value={channel}
          options={offered.map((each) => ({ value: each, text: channelName(each) }))}
          onChoose={setChosen}
        />
      </div>
      {channel === "" ? null : <Series key={`${device} ${channel}`} {...{ device, channel, overview, onPoints }} />}
    </>
  );
}

function Series({ device, channel, overview, onPoints }: SamplesProps & { channel: string }): JSX.Element {
  const last = useLastChoice();
  const task = useTask();
  const [series, setSeries] = useState<SeriesAnswer | null>(null);
  const [part, setPart] = useState<{ startMs: number; endMs: number } | null>(null);
  const [start, end] = [Math.round(part?.startMs ?? overview.start_ms), Math.round(part?.endMs ?? overview.end_ms)];
  useEffect(() => {
    const query = { channel, start, end, max_points: MAX_POINTS };
    const path = `/v1/devices/${encodeURIComponent(device)}/series`;
    void task
      .run(() => last.run(({ signal }) => request<SeriesAnswer>(path, { query, signal, timeoutMs: 60_000 })))
      .then((answer) => {
        if (answer === null) return;
        setSeries(answer);
        onPoints(answer.time_ms.length);
      });
  }, [device, channel, start, end]);
  const drawing = useMemo(() => {
    if (series === null) return { timeMs: [], lines: [] };
    const line = {
      name: channelName(channel),
      unit: series.units[channel] ?? "1",
      colour: "--cool",
      values: series.channels[channel] ?? [],
    };
    return { timeMs: series.time_ms, lines: [line] };
  }, [series]);
  return (
    <>
      <TaskLine task={task} />
      <ChartPanel options={{ name: translate("greenhouse_samples"), heightPx: 260, onZoom: setPart }} drawing={drawing} />
      <p class="note" role="status">
        {series === null ? "" : countText(series)}
      </p>
    </>
  );
}

function countText({ time_ms, aggregation }: SeriesAnswer): string {
  const count = numberText(time_ms.length, 0);
  const stepMs = aggregation?.step_ms ?? null;
  if (stepMs === null) return translate("greenhouse_samples_all", { count });
  return translate("greenhouse_samples_means", { count, seconds: numberText(stepMs / 1000, 0) });
}
