// Questions about improbable values: what was seen, why it matters, the change behind a button, and a person's word that it is right.

import "../i18n/doubts";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { keepAuthor, knownAuthor } from "../api/authors";
import { api, dataOf, type Body } from "../api/client";
import { may } from "../api/may";
import { useApi, type ApiState } from "../api/query";
import { useWrite } from "../api/write";
import { hrefOf } from "../app/address";
import { numberFormat } from "../i18n/formatters";
import { dateText } from "../i18n/instants";
import { unitText } from "../i18n/numbers";
import { currentLanguage } from "../i18n/preferences";
import { translate, type TextKey } from "../i18n/translate";
import { AskedButton } from "../ui/asked_button";
import { ErrorText } from "../ui/error_text";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { noteSaved } from "../ui/overlays";

export type Doubt = Body<"/v1/doubts">["items"][number];
type Change = Doubt["changes"][number];

/** The lists of the records that a button may change, and the tab of the settings where a person changes them. */
const LISTS = { site: "/v1/sites", greenhouse: "/v1/greenhouses", season: "/v1/seasons" } as const;
const TABS: Record<string, string> = { site: "sites", greenhouse: "houses" };
/** What is computed with such a value. */
const REFRESH = ["/v1/doubts", "/v1/sites", "/v1/greenhouses", "/v1/seasons", "/v1/tonight"] as const;
const FIELDS: Record<string, TextKey> = {
  longitude_deg: "doubts_field_longitude_deg",
  latitude_deg: "doubts_field_latitude_deg",
  time_zone: "doubts_field_time_zone",
  target_yield_t_ha: "doubts_field_target_yield_t_ha",
};
const UNITS: Record<string, string> = { longitude_deg: "deg", latitude_deg: "deg", target_yield_t_ha: "t/ha" };
const EVERY_MS = 60_000;

/** Ask for the questions; `answered` also for those of which somebody said that the value is right. */
export function useDoubts(answered = false): ApiState<Body<"/v1/doubts">> {
  return useApi("/v1/doubts", { query: { answered } }, { everyMs: EVERY_MS, keep: true, enabled: may("get", "/v1/doubts") });
}

/** The open questions as cards; nothing where there are none. */
export function DoubtCards({ items }: { items: readonly Doubt[] }): JSX.Element | null {
  if (items.length === 0) return null;
  return (
    <section data-panel="doubts" aria-label={translate("doubts_title")}>
      <div class="tonight-cards">
        {items.map((doubt) => (
          <article key={keyOf(doubt)} class="card tonight-card" data-level="moderate">
            <header>
              <h3>{doubt.name}</h3>
              <span class="level">{translate("doubts_title")}</span>
            </header>
            <DoubtBody doubt={doubt} />
          </article>
        ))}
      </div>
    </section>
  );
}

/** What is asked about one record, and what was answered, within its own card. */
export function DoubtsOf({ target, id }: { target: Doubt["target"]; id: string }): JSX.Element | null {
  const items = useDoubts(true).data?.items.filter((doubt) => doubt.target === target && doubt.target_id === id) ?? [];
  if (items.length === 0) return null;
  return (
    <div class="stack" data-panel="doubts">
      {items.map((doubt) => (doubt.confirmed === null ? <DoubtBody key={keyOf(doubt)} doubt={doubt} /> : <Confirmed doubt={doubt} />))}
    </div>
  );
}

function DoubtBody({ doubt }: { doubt: Doubt }): JSX.Element {
  const isChinese = currentLanguage() === "zh-CN";
  return (
    <div class="stack" data-doubt={doubt.cause}>
      <p>{isChinese ? doubt.text_zh : doubt.text}</p>
      <p class="note">{isChinese ? doubt.effect_zh : doubt.effect}</p>
      {doubt.changes.map((change) => (
        <p key={change.field}>
          <strong>{changeText(change)}</strong>
        </p>
      ))}
      {doubt.changes.length > 0 && doubt.target in LISTS ? <ChangeIt doubt={doubt} /> : <Elsewhere doubt={doubt} />}
      <ItIsRight doubt={doubt} />
    </div>
  );
}

/** The change, by the record's own route: with its permission, its version and its entry in the log. */
function ChangeIt({ doubt }: { doubt: Doubt }): JSX.Element | null {
  const list = LISTS[doubt.target as keyof typeof LISTS];
  const put = useWrite("put", `${list}/{thing}` as "/v1/sites/{thing}", { refresh: [...REFRESH] });
  const [failed, setFailed] = useState<string | null>(null);
  if (!put.allowed) return null;
  const run = async (): Promise<void> => {
    setFailed(null);
    const path = { thing: doubt.target_id };
    try {
      const record = await dataOf(api.GET(`${list}/{thing}` as "/v1/sites/{thing}", { params: { path } }));
      const after = Object.fromEntries(doubt.changes.map((change) => [change.field, change.after]));
      const body = { ...record, ...after } as never;
      noteSaved(await put.run({ params: { path }, body, version: record.version ?? "*" }), translate("doubts_changed"));
    } catch (error) {
      setFailed(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <div class="buttons">
      <button type="button" class="primary" disabled={put.saving} onClick={() => void run()}>
        {translate("doubts_change")}
      </button>
      <ErrorText error={put.error ?? failed} inline />
    </div>
  );
}

/** What mends it where no button can: at the device or its gateway, or in the settings. */
function Elsewhere({ doubt }: { doubt: Doubt }): JSX.Element | null {
  const remedy = currentLanguage() === "zh-CN" ? doubt.remedy_zh : doubt.remedy;
  if (remedy !== null) return <p data-remedy={doubt.target}>{remedy}</p>;
  const tab = TABS[doubt.target];
  if (tab === undefined) return null;
  return (
    <p>
      {translate("doubts_elsewhere")} <a href={hrefOf("settings", { tab })}>{translate("doubts_settings")}</a>
    </p>
  );
}

/** A person's word that the value is right, with their name. */
function ItIsRight({ doubt }: { doubt: Doubt }): JSX.Element | null {
  const add = useWrite("post", "/v1/confirmations", { refresh: [...REFRESH] });
  if (!add.allowed) return null;
  const submit = async (values: FormValues): Promise<boolean> => {
    const { target, target_id, cause, value } = doubt;
    const author = values.text("author");
    if (!noteSaved(await add.run({ body: { target, target_id, cause, value, author } }))) return false;
    keepAuthor(author);
    return true;
  };
  return (
    <details class="fold">
      <summary>{translate("doubts_right")}</summary>
      <Form name="doubt" submit={translate("doubts_right")} write={add} onSubmit={submit}>
        <p class="note">{translate("doubts_right_about")}</p>
        <TextField name="author" label={translate("doubts_author")} value={knownAuthor()} required maxLength={200} autocomplete="name" />
      </Form>
    </details>
  );
}

function Confirmed({ doubt }: { doubt: Doubt }): JSX.Element | null {
  const remove = useWrite("delete", "/v1/confirmations/{thing}", { refresh: [...REFRESH] });
  const said = doubt.confirmed;
  if (said === null) return null;
  const run = (): Promise<unknown> => remove.run({ params: { path: { thing: said.id } }, version: said.version });
  const question = {
    title: translate("doubts_ask_again_sure"),
    text: translate("doubts_ask_again_about"),
    action: translate("doubts_ask_again"),
  };
  return (
    <p class="note" data-confirmed={doubt.cause}>
      {currentLanguage() === "zh-CN" ? doubt.text_zh : doubt.text}{" "}
      {translate("doubts_confirmed", { author: said.author, date: dateText(said.time_ms) })}{" "}
      <AskedButton text={translate("doubts_ask_again")} question={question} write={remove} run={run} />
    </p>
  );
}

function keyOf(doubt: Doubt): string {
  return `${doubt.target} ${doubt.target_id} ${doubt.cause}`;
}

function changeText({ field, before, after }: Change): string {
  const name = FIELDS[field];
  return translate("doubts_before_after", {
    field: name === undefined ? field : translate(name),
    before: valueText(field, before),
    after: valueText(field, after),
  });
}

function valueText(field: string, value: Change["before"]): string {
  if (value === null) return translate("doubts_none_value");
  if (typeof value !== "number") return value;
  const number = numberFormat({ maximumFractionDigits: 6 }).format(value);
  const unit = unitText(UNITS[field] ?? "");
  return unit.startsWith("°") ? `${number}${unit}` : `${number} ${unit}`.trim();
}
