// Import of logs and tables: files are dropped or chosen, sent in parts, and imported one after the other.

import "../i18n/imports";
import "./imports.css";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { may } from "../api/may";
import { reload, useApi } from "../api/query";
import { errorText } from "../api/request";
import { droppedFiles, takeDropped } from "../app/dropped_files";

import { bytesText, shareText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { Loaded } from "../ui/loaded";
import { ImportCard } from "./import_card";
import { handOver, type UploadState } from "./upload";

/** Every file may be dropped: what it is, its content says. */
const TYPES: readonly string[] = [];
const MOST_BYTES = 2 * 1024 ** 3;
const QUIET_MS = 15_000;
const BUSY_MS = 1000;

interface Sending {
  file: File;
  state: UploadState;
  error: string | null;
}

export function ImportsPanel({ about = translate("import_about") }: { about?: string }): JSX.Element {
  const [busy, setBusy] = useState(false);
  const list = useApi("/v1/imports", {}, { everyMs: busy ? BUSY_MS : QUIET_MS });
  const [sending, setSending] = useState<Sending[]>([]);
  const leaving = useRef(new AbortController());
  useEffect(() => () => leaving.current.abort(), []);
  const runs = list.data?.items.some(({ state }) => state === "queued" || state === "running") ?? false;
  useEffect(() => setBusy(runs), [runs]);

  const send = async (files: File[]): Promise<void> => {
    // One after the other: a phone's connection carries no two.
    setSending((others) => [...others, ...files.map((file) => ({ file, state: { share: 0, lost: false }, error: null }))]);
    for (const file of files) {
      const change = (changes: Partial<Sending>): void =>
        setSending((all) => all.map((each) => (each.file === file ? { ...each, ...changes } : each)));
      try {
        await handOver(file, (state) => change({ state }), leaving.current.signal);
        setSending((all) => all.filter((each) => each.file !== file));
      } catch (thrown) {
        if (leaving.current.signal.aborted) return;
        change({ error: errorText(thrown) });
      }
      await reload("/v1/imports");
    }
  };

  const sendLast = useRef(send);
  sendLast.current = send;
  useEffect(
    () =>
      droppedFiles.subscribe(() => {
        const files = may("post", "/v1/imports") ? takeDropped() : [];
        if (files.length > 0) void sendLast.current([...files]);
      }),
    [],
  );

  if (list.failure?.status === 404) return <p class="note">{translate("import_elsewhere")}</p>;
  return (
    <section class="stack" data-panel="imports">
      <p class="note">{about}</p>
      {may("post", "/v1/imports") ? (
        <DropFile
          types={TYPES}
          maxBytes={Math.min(MOST_BYTES, list.data?.free_bytes ?? MOST_BYTES)}
          several
          onFiles={(files) => void send(files)}
          text={translate("import_drop")}
        />
      ) : null}
      {sending.map((each) => (
        <SendingCard key={each.file.name} sending={each} />
      ))}
      <Loaded state={list}>
        {({ items, free_bytes }) => (
          <>
            {items.length === 0 && sending.length === 0 ? <p class="note">{translate("import_none")}</p> : null}
            {items
              .filter((item) => !sending.some(({ file, error }) => error === null && file.name === item.name && item.state === "receiving"))
              .map((item) => (
                <ImportCard key={item.id} item={item} />
              ))}
            <p class="note">{translate("import_free", { size: bytesText(free_bytes) })}</p>
          </>
        )}
      </Loaded>
    </section>
  );
}

function SendingCard({ sending: { file, state, error } }: { sending: Sending }): JSX.Element {
  return (
    <article class="card" data-sending={file.name}>
      <h3>
        {file.name} <span class="note">{bytesText(file.size)}</span>
      </h3>
      {error === null ? (
        <>
          <progress value={state.share} max={1} aria-label={translate("import_sending", { share: shareText(state.share) })} />
          <p role="status">
            {state.lost
              ? translate("import_lost")
              : state.share < 1
                ? translate("import_sending", { share: shareText(state.share) })
                : translate("import_checking")}
          </p>
        </>
      ) : (
        <p class="error" role="alert">
          {error}
        </p>
      )}
    </article>
  );
}
