// What a sender has posted: its newest values, the last refusal with its remedy, and uplinks that can be read again.

import "../i18n/senders";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Body } from "../api/client";
import { useWrite } from "../api/write";
import { ageText, dateText, durationText } from "../i18n/instants";
import { valueParts } from "../i18n/numbers";
import { channelName, englishOnly, translate } from "../i18n/translate";
import { CopyText } from "../ui/copy_text";
import { ErrorText } from "../ui/error_text";
import { showToast } from "../ui/overlays";

export type LoginDetail = Body<"/v1/sample-logins/{key}">;
type Message = LoginDetail["messages"][number];

/** Sentences of the words that a receipt has for a refusal. */
const WHY = {
  unknown_channel: "why_unknown_channel",
  bad_time: "why_bad_time",
  relative_time: "why_relative_time",
  "no-time": "why_relative_time",
  wrong_identity: "why_wrong_identity",
  wrong_shape: "why_wrong_shape",
  not_json: "why_not_json",
  bad_name: "why_bad_name",
  empty: "why_empty",
  over_quota: "why_over_quota",
  store_refused: "why_store_refused",
  scope: "why_scope",
  "too-large": "why_too_large",
  too_large: "why_too_large",
  "unsupported-media-type": "why_media",
  "bad-parameter": "why_parameter",
} as const;

export function SenderState({ login, path, now }: { login: LoginDetail; path: string; now: number }): JSX.Element {
  const { received, latest } = login;
  const why = WHY[received.reason as keyof typeof WHY] ?? "why_other";
  return (
    <div class="stack" data-received={received.stored} data-refused={received.refused}>
      <p data-last>
        {received.last_ms === null ? translate("sender_never") : translate("sender_last", { age: ageText(now - received.last_ms) })}
      </p>
      {received.last_ms !== null && latest.length === 0 && login.ahead_s === null ? <p>{translate("sender_nothing")}</p> : null}
      <ul>
        {latest.map((each) => (
          <li key={`${each.device} ${each.channel}`} data-value={each.channel}>
            {translate("sender_value", {
              value: valueParts(each.channel, each.value, each.unit).join(" ").trim(),
              channel: channelName(each.channel),
              device: each.device,
            })}
          </li>
        ))}
      </ul>
      {login.ahead_s === null ? null : (
        <p class="error" data-ahead>
          {translate("sender_ahead", { ahead: durationText(login.ahead_s) })}
        </p>
      )}
      {received.refused_ms === null ? null : (
        <p class="error" data-why={received.reason}>
          {translate("sender_refused", { age: ageText(now - received.refused_ms), why: translate(why) })}{" "}
          <small>{englishOnly(received.detail)}</small>
        </p>
      )}
      <p class="note">
        {translate("sender_counts", { stored: received.stored, refused: received.refused, since: dateText(received.since_ms) })}
      </p>
      {login.quarantined > 0 ? <p>{translate("sender_quarantine", { count: login.quarantined })}</p> : null}
      {login.messages.map((message) => (
        <UnreadMessage key={message.id} message={message} login={login} path={path} />
      ))}
    </div>
  );
}

/** An uplink whose numbers have no channel, with what the station proposes for them. */
function UnreadMessage({ message, login, path }: { message: Message; login: LoginDetail; path: string }): JSX.Element | null {
  const proposed = [...message.detail.matchAll(/channel=([^\s;"')]+)/g)].map((found) => decodeURIComponent(found[1] ?? ""));
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const read = useWrite("post", "/v1/quarantine/{message}/read-again", {
    refresh: ["/v1/sample-logins", "/v1/sample-logins/{key}", "/v1/quarantine"],
  });
  const keep = useWrite("put", "/v1/sample-logins/{key}/map", { refresh: ["/v1/sample-logins", "/v1/sample-logins/{key}"] });
  if (proposed.length === 0) return null;
  const isKept = login.scope === "samples";
  // A number is one thing: of two places of which it may be, the last choice counts.
  const keyOf = (channel: string): string => channel.split(",").slice(2).join(",");
  const toggle = (channel: string): void => {
    const others = chosen.filter((each) => keyOf(each) !== keyOf(channel));
    setChosen(chosen.includes(channel) ? others : [...others, channel]);
  };
  const readAgain = async (): Promise<void> => {
    if (isKept) {
      const kept = login.map?.channels ?? [];
      const body = { ...login.map, channels: [...chosen, ...kept.filter((each) => !chosen.includes(each))] };
      if ((await keep.run({ params: { path: { key: login.id } }, body })) === null) return;
    }
    const made = await read.run({ params: { path: { message: message.id }, query: { channel: [...chosen] } } });
    if (made !== null && made !== true) showToast(translate("sender_read", { count: made.stored }));
  };
  const address = `${location.origin}${path}?${chosen.map((each) => `channel=${encodeURIComponent(each)}`).join("&")}`;
  return (
    <div class="stack" data-message={message.id}>
      <p>{translate(isKept ? "sender_map_keep" : "sender_map_about")}</p>
      {proposed.map((channel) => {
        const [name = "", unit = "", key = ""] = channel.split(",");
        return (
          <label key={channel} class="check">
            <input type="checkbox" checked={chosen.includes(channel)} onChange={() => toggle(channel)} /> <code>{key}</code>:{" "}
            {channelName(name)} ({unit})
          </label>
        );
      })}
      {isKept || chosen.length === 0 || path === "" ? null : (
        <>
          <p>{translate("sender_longer")}</p>
          <CopyText text={address} />
        </>
      )}
      <div class="buttons">
        <button type="button" disabled={keep.saving || read.saving || chosen.length === 0} onClick={() => void readAgain()}>
          {translate("sender_read_again")}
        </button>
      </div>
      <ErrorText error={keep.error ?? read.error} />
    </div>
  );
}
