// What is kept of a person, a copy of it, and its erasure once nothing is open.

import "../i18n/people";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi } from "../api/query";
import { useWrite, type AnswerOf } from "../api/write";
import { dateText } from "../i18n/instants";
import { translate } from "../i18n/translate";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { confirm } from "../ui/overlays";

/** The station deletes, writes its database again and searches its files. */
const TIMEOUT_MS = 600_000;

type Erased = AnswerOf<"/v1/person-data/{person}/erasure", "post">;

export interface PersonDataProps {
  person: string;
  name: string;
  /** Whether the data may be erased here. */
  canErase: boolean;
}

export function PersonData({ person, name, canErase }: PersonDataProps): JSX.Element {
  const kept = useApi("/v1/person-data/{person}", { path: { person } });
  const [erased, setErased] = useState<Erased | null>(null);
  if (erased !== null) return <Result erased={erased} onErased={setErased} />;
  return (
    <div class="stack" data-panel="person-data">
      <p class="note">{translate("people_data_about")}</p>
      <Loaded state={kept}>
        {({ items, blockers = [], shared = [], erased: number }) => (
          <>
            {items.map((item) => (
              <details class="fold" key={item.kind} data-kept={item.kind}>
                <summary>
                  {translate("people_data_count", { label: item.label, count: item.count })}
                  {item.first_ms == null || item.last_ms == null ? null : (
                    <span class="note"> {[...new Set([dateText(item.first_ms), dateText(item.last_ms)])].join(" – ")}</span>
                  )}
                </summary>
                <p>{translate("people_data_why", { text: item.purpose })}</p>
                <p>{translate("people_data_basis", { text: item.basis })}</p>
                <p>{translate("people_data_time", { text: item.kept })}</p>
                <p>{translate("people_data_erasure", { text: item.on_erasure })}</p>
              </details>
            ))}
            <p>
              <a class="button" href={`/v1/person-data/${person}/copy`} download>
                {translate("people_data_copy")}
              </a>
            </p>
            {canErase && number == null ? (
              <Erase person={person} name={name} blockers={blockers} shared={shared} onErased={setErased} />
            ) : null}
          </>
        )}
      </Loaded>
    </div>
  );
}

interface EraseProps {
  person: string;
  name: string;
  blockers: readonly string[];
  shared: readonly string[];
  onErased: (erased: Erased) => void;
}

function Erase({ person, name, blockers, shared, onErased }: EraseProps): JSX.Element {
  const erase = useErasure();
  const submit = async (values: FormValues): Promise<boolean | null> => {
    const also = values
      .text("also")
      .split(/[,，;；、]/)
      .map((text) => text.trim())
      .filter((text) => text.length > 1);
    const asked = {
      title: translate("people_erase_sure", { name }),
      text: translate("people_erase_about"),
      action: translate("people_erase_do"),
    };
    if (!(await confirm(asked))) return null;
    const made = await erase.run({ params: { path: { person } }, body: { name: values.text("name"), also } });
    if (made !== null && made !== true) onErased(made);
    return false;
  };
  return (
    <section class="stack" data-panel="erase-person">
      <h3>{translate("people_erase")}</h3>
      <p class="note">{translate("people_erase_about")}</p>
      {shared.length === 0 ? null : <p>{translate("people_data_shared", { names: shared.join(", ") })}</p>}
      {blockers.length > 0 ? (
        <>
          <p>{translate("people_erase_first")}</p>
          <ul data-list="blockers">
            {blockers.map((blocker) => (
              <li key={blocker}>{blocker}</li>
            ))}
          </ul>
        </>
      ) : (
        <Form name="person_erasure" submit={translate("people_erase_do")} write={erase} onSubmit={submit}>
          <TextField name="name" label={translate("people_erase_name", { name })} required maxLength={200} />
          <TextField name="also" label={translate("people_erase_also")} hint={translate("people_erase_also_hint")} maxLength={1000} />
        </Form>
      )}
    </section>
  );
}

function Result({ erased, onErased }: { erased: Erased; onErased: (erased: Erased) => void }): JSX.Element {
  const again = useErasure();
  const clean = async (): Promise<void> => {
    const made = await again.run({ params: { path: { person: erased.person } }, body: { name: "" } });
    if (made !== null && made !== true) onErased({ ...made, found: erased.found, unread: erased.unread });
  };
  const { found, unread } = erased;
  return (
    <div class="stack" data-panel="person-erased" role="status">
      <p>{translate("people_erased", { number: erased.number })}</p>
      <p>{translate("people_erased_searched", { files: erased.searched_files, found: found.length })}</p>
      {found.length === 0 ? null : <p>{translate("people_erased_found", { names: found.join(", ") })}</p>}
      {unread.length === 0 ? null : <p>{translate("people_erased_unread", { names: unread.join(", ") })}</p>}
      {erased.is_scrubbed ? null : (
        <>
          <p class="error" role="alert">
            {translate("people_erased_again")}
          </p>
          <button type="button" class="secondary" disabled={again.saving} onClick={() => void clean()}>
            {translate("people_erased_clean")}
          </button>
        </>
      )}
    </div>
  );
}

function useErasure() {
  return useWrite("post", "/v1/person-data/{person}/erasure", {
    refresh: ["/v1/people", "/v1/holdings", "/v1/person-data/{person}"],
    timeoutMs: TIMEOUT_MS,
  });
}
