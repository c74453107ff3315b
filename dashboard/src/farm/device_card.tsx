// Card of a device: its newest values, all of them folded, and answers about its climate or its last flight.

import "../i18n/farm";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { freshnessOf } from "../api/freshness";
import type { Device, FarmState } from "../api/farm_state";
import { ApiError, request } from "../api/request";
import { useLastChoice } from "../app/mount";
import { CLIMATE_NOW, HOUSE_VALUES } from "../components/shown_quantities";
import { Simulated } from "../components/simulated";
import { TaskLine, useTask } from "../components/task";
import { AnswerTile, qualityText, ValueTile, type Answer } from "../components/value_tile";
import { ageText } from "../i18n/instants";
import { valueParts } from "../i18n/numbers";
import { digitsOf, indicesWhere, watchedChannels } from "../i18n/quantities";
import { channelName, term, translate } from "../i18n/translate";
import { KindIcon } from "./kind_icon";
import { findLastFlight } from "./last_flight";

const MAX_TILES = 6;
const CLIMATE_MS = 600_000;

interface DeviceCardProps {
  farm: FarmState;
  device: Device;
  /** The line about the position: a button that displays it, or why there is none. */
  position: ComponentChildren;
}

/** Draw it again on new values and once a second. */
export function DeviceCard({ farm, device, position }: DeviceCardProps): JSX.Element {
  const seenMs = device.last_seen_ms;
  const values = farm.latest.get(device.id) ?? {};
  const channels = Object.keys(values).sort();
  const offered = device.kind === "greenhouse" ? HOUSE_VALUES : device.kind === "drone" ? watchedChannels() : channels;
  // A device that a simulator once was, too, may have real values: each has its own mark.
  const newest = Object.values(values);
  const simulated = newest.length > 0 ? newest.some((value) => value.simulated) : device.simulated;
  return (
    <article class="card device" data-device={device.id} aria-labelledby={`device-${device.id}`} tabIndex={-1}>
      <header>
        <KindIcon kind={device.kind} />
        <div class="title">
          <h3 id={`device-${device.id}`}>{device.name || device.id}</h3>
          <p class="about">{[term("device_kinds", device.kind), device.site, device.model].filter(Boolean).join(" · ")}</p>
        </div>
        <div class="marks">
          {simulated ? <Simulated /> : null}
          <span class={freshnessOf(device, seenMs) === "current" ? "age" : "age stale"}>
            {seenMs === null ? translate("no_data") : ageText(nowMs() - seenMs)}
          </span>
        </div>
      </header>
      {position === null ? null : <p class="place">{position}</p>}
      <dl class="tiles">
        {offered
          .flatMap((channel) => (values[channel] === undefined ? [] : [{ channel, latest: values[channel] }]))
          .slice(0, MAX_TILES)
          .map(({ channel, latest }) => (
            <ValueTile key={channel} channel={channel} latest={latest} />
          ))}
      </dl>
      {device.kind === "drone" ? <LastFlight farm={farm} id={device.id} /> : null}
      {device.kind === "greenhouse" ? <ClimateNow id={device.id} seenMs={seenMs} /> : null}
      <AllValues farm={farm} id={device.id} channels={channels} />
    </article>
  );
}

/** All channels. They cost time: they are drawn only while they are open. */
function AllValues({ farm, id, channels }: { farm: FarmState; id: string; channels: readonly string[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="all" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{translate("all_values")}</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{translate("quantity")}</th>
              <th scope="col" class="number">
                {translate("value")}
              </th>
              <th scope="col" class="number">
                {translate("age")}
              </th>
            </tr>
          </thead>
          <tbody>{isOpen ? channels.map((channel) => <ValueRow key={channel} farm={farm} id={id} channel={channel} />) : null}</tbody>
        </table>
      </div>
    </details>
  );
}

function ValueRow({ farm, id, channel }: { farm: FarmState; id: string; channel: string }): JSX.Element | null {
  const latest = farm.value(id, channel);
  if (latest === undefined) return null;
  return (
    <tr data-channel={channel} class={freshnessOf(latest, latest.time_ms) === "current" ? undefined : "stale"}>
      <th scope="row">{channelName(channel)}</th>
      <td class="number">{[...valueParts(channel, latest.value, latest.unit), qualityText(latest.quality)].filter(Boolean).join(" ")}</td>
      <td class="number">{ageText(nowMs() - latest.time_ms)}</td>
    </tr>
  );
}

function ClimateNow({ id, seenMs }: { id: string; seenMs: number | null }): JSX.Element {
  const load = async (signal: AbortSignal): Promise<JSX.Element> => {
    const end = (seenMs ?? nowMs()) + 1;
    const query = { start: end - CLIMATE_MS, end };
    const answers = await request<Record<string, Answer>>(`/v1/greenhouses/${encodeURIComponent(id)}/climate`, { query, signal });
    return <AnswerTiles names={CLIMATE_NOW} answers={answers} />;
  };
  return <FoldedAnswers title={translate("farm_climate")} load={load} />;
}

function LastFlight({ farm, id }: { farm: FarmState; id: string }): JSX.Element {
  const [swath, setSwath] = useState("");
  const path = `/v1/devices/${encodeURIComponent(id)}/application`;
  const load = async (signal: AbortSignal, chosen = swath): Promise<JSX.Element> => {
    const flight = await findLastFlight(farm, id);
    if (flight === null) return <p class="note">{translate("farm_no_flight")}</p>;
    try {
      const query = { start: flight[0], end: flight[1], swath_m: chosen || undefined };
      const answers = await request<Record<string, Answer> & { swath_m: number }>(path, { query, signal });
      setSwath(String(answers.swath_m));
      return <AnswerTiles names={indicesWhere(({ section }) => section === "application")} answers={answers} />;
    } catch (error) {
      // Nothing is guessed: without an implement there is no area until somebody enters a swath.
      if (!(error instanceof ApiError && error.kind === "no-implement")) throw error;
      return <p class="note">{translate("farm_swath_needed")}</p>;
    }
  };
  return (
    <FoldedAnswers title={translate("farm_flight")} load={load}>
      {(ask) => (
        <label class="swath">
          {translate("farm_swath")}{" "}
          <input
            type="number"
            min={0.5}
            max={100}
            step={0.1}
            inputMode="decimal"
            value={swath}
            onChange={({ currentTarget: input }) => {
              if (!input.checkValidity() || input.value === "") return;
              setSwath(input.value);
              const chosen = input.value;
              ask((signal) => load(signal, chosen));
            }}
          />
        </label>
      )}
    </FoldedAnswers>
  );
}

type Load = (signal: AbortSignal) => Promise<JSX.Element>;

interface FoldedAnswersProps {
  title: string;
  load: Load;
  /** Controls, which may ask again. */
  children?: (ask: (load: Load) => void) => JSX.Element;
}

/** Answers that cost the server time: they are asked for when the panel is opened. */
function FoldedAnswers({ title, load, children }: FoldedAnswersProps): JSX.Element {
  const task = useTask();
  const last = useLastChoice();
  const [content, setContent] = useState<JSX.Element | null>(null);
  const ask = (asked: Load): void =>
    void task.run(() => last.run(({ signal }) => asked(signal))).then((answer) => (answer ? setContent(answer) : undefined));
  return (
    <details class="answers-folded" onToggle={(event) => (event.currentTarget.open ? ask(load) : undefined)}>
      <summary>{title}</summary>
      {children?.(ask)}
      <TaskLine task={task} />
      <div class="answers-place">{content}</div>
    </details>
  );
}

function AnswerTiles({ names, answers }: { names: readonly string[]; answers: Record<string, Answer> }): JSX.Element {
  return (
    <div class="answers">
      {names.map((name) => {
        const answer = answers[name];
        return answer ? (
          <AnswerTile key={name} id={name} name={channelName(name)} answer={answer} digits={digitsOf(answer.unit, name)} />
        ) : null;
      })}
    </div>
  );
}
