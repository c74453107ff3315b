// The base map of the station: put a picture or a file of tiles there, or take it away.

import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { may } from "../api/may";
import { reload, useApi } from "../api/query";
import { errorText, request } from "../api/request";

import { dateText } from "../i18n/instants";
import { bytesText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { DropFile } from "../ui/drop_file";
import { ErrorText } from "../ui/error_text";
import { Loaded, Working } from "../ui/loaded";
import { confirm, showToast } from "../ui/overlays";

const PATH = "/v1/base-map";
/** What the API takes; larger files are put there on the station itself. */
const MOST_BYTES = 32 * 1024 * 1024;
const COMMAND = "headland field base-map FILE";
/** A large picture becomes some thousand tiles. */
const TIMEOUT_MS = 120_000;

export function BaseMap(): JSX.Element {
  const present = useApi(PATH, {});
  const [state, setState] = useState<"idle" | "busy">("idle");
  const [problem, setProblem] = useState("");
  const change = async (method: "PUT" | "DELETE", body?: Blob): Promise<void> => {
    setState("busy");
    setProblem("");
    try {
      await request(PATH, { method, timeoutMs: TIMEOUT_MS, ...(body === undefined ? {} : { body }) });
      showToast(translate(method === "PUT" ? "saved" : "settings_base_deleted"));
    } catch (error) {
      setProblem(errorText(error) ?? "");
    } finally {
      setState("idle");
      await reload(PATH);
    }
  };
  const put = (file: File): void => {
    if (file.size > MOST_BYTES) setProblem(translate("settings_base_large", { size: bytesText(MOST_BYTES), command: COMMAND }));
    else void change("PUT", new Blob([file], { type: "application/octet-stream" }));
  };
  const ask = async (): Promise<void> => {
    const [title, text] = [translate("settings_base_delete"), translate("settings_base_delete_sure")];
    if (await confirm({ title, text, action: title })) await change("DELETE");
  };
  return (
    <section class="card stack" data-panel="base-map">
      <h2>{translate("settings_base")}</h2>
      <p class="note">{translate("settings_base_about")}</p>
      <Loaded state={present}>
        {({ kind, bytes, changed_ms }) =>
          kind === null ? (
            <p data-base="none">{translate("settings_base_none")}</p>
          ) : (
            <p data-base={kind}>
              {translate("settings_base_is", {
                kind: translate(kind === "pmtiles" ? "settings_base_tiles" : "settings_base_shapes"),
                size: bytesText(bytes),
                date: dateText(changed_ms ?? 0),
              })}{" "}
              {may("delete", "/v1/base-map") ? (
                <button type="button" class="plain" disabled={state === "busy"} onClick={() => void ask()}>
                  {translate("settings_base_delete")}
                </button>
              ) : null}
            </p>
          )
        }
      </Loaded>
      {may("put", "/v1/base-map") && state === "idle" ? (
        <DropFile
          types={[".tif", ".tiff", ".pmtiles", ".geojson", ".json"]}
          maxBytes={MOST_BYTES}
          onFiles={([file]) => file && put(file)}
          text={translate("settings_base_file")}
        />
      ) : null}
      {state === "busy" ? <Working /> : null}
      <ErrorText error={problem} />
    </section>
  );
}
