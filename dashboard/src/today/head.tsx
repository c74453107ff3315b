// The head of today: the state of the farm in one sentence, whether alarms reach somebody, whether all data have arrived, and what comes when.

import type { JSX } from "preact";
import { hrefOf } from "../app/address";
import { durationText, formatInstant } from "../i18n/instants";
import { listText, translate } from "../i18n/translate";
import "../i18n/today";
import { textOf, type Facts, type Today } from "./records";
import { Sign, type FactSign } from "./state_mark";

const CLOCK = { hour: "numeric", minute: "2-digit", hourCycle: "h23" } as const;

export function StateSentence({ today }: { today: Today }): JSX.Element {
  return (
    <div class="lead">
      <h1>{textOf(today.sentence)}</h1>
      {today.first === null ? null : <p class="first">{textOf(today.first)}</p>}
    </div>
  );
}

export function FarmFacts({ facts, zone }: { facts: Facts; zone: string }): JSX.Element {
  return (
    <ul class="farm-facts" aria-label={translate("today_facts")}>
      <Duty duty={facts.duty} zone={zone} />
      <Reach reach={facts.reach} zone={zone} />
      <Data data={facts.data} zone={zone} />
    </ul>
  );
}

interface FactProps {
  sign: FactSign;
  text: string;
  note: string;
  isWrong: boolean;
  /** Where what is wrong is put right. */
  href: string;
}

function Fact({ sign, text, note, isWrong, href }: FactProps): JSX.Element {
  return (
    <li class={isWrong ? "warn" : undefined}>
      <a href={href}>
        <Sign name={sign} />
        <span>
          <b>{text}</b>
          <span class={isWrong ? "remedy" : "muted"}>{note}</span>
        </span>
      </a>
    </li>
  );
}

function Duty({ duty, zone }: { duty: Facts["duty"]; zone: string }): JSX.Element {
  const isWrong = duty === null || duty.names.length === 0;
  const until = duty?.until_ms == null ? "" : translate("today_duty_until", { time: formatInstant(duty.until_ms, CLOCK, zone) });
  return (
    <Fact
      sign="person"
      isWrong={isWrong}
      text={isWrong ? translate("today_duty_none") : translate("today_duty", { names: listText(duty?.names ?? []) })}
      note={isWrong ? translate("today_duty_set") : until}
      href={hrefOf("alarms", { tab: "duty" })}
    />
  );
}

function Reach({ reach, zone }: { reach: Facts["reach"]; zone: string }): JSX.Element {
  const { state, confirmed_ms: time_ms } = reach;
  const day = { month: "short", day: "numeric" } as const;
  const notes: Record<Facts["reach"]["state"], string> = {
    none: translate("today_reach_set"),
    never_tried: translate("today_reach_never"),
    tried: translate("today_reach_tried"),
    confirmed: time_ms === null ? "" : translate("today_reach_confirmed", { time: formatInstant(time_ms, day, zone) }),
    failed: translate("today_reach_failed"),
  };
  const reaches = state === "confirmed";
  return (
    <Fact
      sign="phone"
      isWrong={!reaches || reach.failing > 0}
      text={reaches ? translate("today_reach", { n: reach.confirmed }) : translate("today_reach_none")}
      note={reaches && reach.failing > 0 ? translate("today_reach_failing", { n: reach.failing }) : notes[state]}
      href={hrefOf("alarms", { tab: reaches ? "recipients" : "connect" })}
    />
  );
}

function Data({ data, zone }: { data: Facts["data"]; zone: string }): JSX.Element {
  const clock = (instant_ms: number | null): string => (instant_ms === null ? "" : formatInstant(instant_ms, CLOCK, zone));
  const { missing, at_gateways: waiting } = data;
  const unheard = waiting?.unheard[0];
  const behind = waiting?.is_behind === true;
  const isWrong = missing.length > 0 || unheard !== undefined || behind;
  // Without the word of a gateway for each of them, the sensors are only known to report.
  const isWhole = waiting !== null && waiting.gateways > 0 && waiting.devices_without_gateway === 0;
  let said = [translate(isWhole ? "today_data" : "today_data_seen"), clock(data.last_ms)];
  if (missing.length > 0) said = [translate("today_missing", { n: missing.length }), missing[0]?.name ?? ""];
  else if (unheard !== undefined)
    said = [
      translate("today_data_unknown"),
      translate(unheard.reported_ms === null ? "today_unheard_ever" : "today_unheard", {
        gateway: unheard.gateway,
        time: clock(unheard.reported_ms),
      }),
    ];
  else if (behind)
    said = [
      translate("today_waiting", { n: waiting?.records ?? 0 }),
      translate("today_waiting_since", { time: clock(waiting?.oldest_ms ?? null) }),
    ];
  return <Fact sign={isWrong ? "silent" : "data"} isWrong={isWrong} text={said[0] ?? ""} note={said[1] ?? ""} href={hrefOf("health")} />;
}

/** While a past is being made: what is here, what comes when. */
export function FirstMinutes({ making, nowMs, zone }: { making: NonNullable<Today["making"]>; nowMs: number; zone: string }): JSX.Element {
  const share = Math.round(100 * making.share);
  const eta = making.eta_ms;
  const when =
    eta === null
      ? translate("today_step_next")
      : eta - nowMs > 3_600_000
        ? translate("today_step_soon", { time: formatInstant(eta, CLOCK, zone) })
        : translate("today_step_in", { time: durationText(Math.max(60, Math.ceil((eta - nowMs) / 60_000) * 60)) });
  return (
    <ol class="first-minutes" aria-label={translate("today_steps")}>
      <li>
        <b>✓ {translate("today_step_now")}</b>
        <span>{translate("today_step_values")}</span>
      </li>
      <li>
        <b>… {when}</b>
        <span>
          {eta !== null && making.steps.forecast_ms === null ? null : `${translate("today_step_forecast")} · `}
          {textOf(making)}
        </span>
        <svg
          class="history"
          role="progressbar"
          aria-label={translate("today_history")}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={share}
        >
          <rect class="whole" width="100%" height="6" rx="3" />
          <rect width={`${share}%`} height="6" rx="3" />
        </svg>
      </li>
      <li>
        <b>○ {translate("today_step_later")}</b>
        <span>{translate("today_step_record")}</span>
      </li>
    </ol>
  );
}
