// Button that acknowledges alarms at once, without a note; while the station is away that waits on this device.

import "../i18n/alarms";
import type { JSX } from "preact";
import { waiting } from "../api/queue";
import { useKeptWrite } from "../api/write";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { showToast } from "../ui/overlays";
import type { AlarmItem } from "./records";

/** Most alarms of one request, as the API takes them. */
const MOST = 500;

export function AcknowledgeButton({ alarms, title }: { alarms: readonly AlarmItem[]; title: string }): JSX.Element | null {
  const open = alarms.filter(({ acknowledged_ms }) => acknowledged_ms === null).map(({ id }) => id);
  const write = useKeptWrite("post", "/v1/alarm-acknowledgements", () => translate("kept_acknowledge", { name: title }), {
    refresh: ["/v1/alarms"],
  });
  const isKept = waiting.value.some(
    ({ path, body }) => path === "/v1/alarm-acknowledgements" && (body as { alarms: string[] }).alarms.some((id) => open.includes(id)),
  );
  const run = async (): Promise<void> => {
    for (let start = 0; start < open.length; start += MOST) {
      const sent = await write.run({ body: { alarms: open.slice(start, start + MOST), note: "" } });
      if (sent === null) return;
      if (start + MOST >= open.length) showToast(translate(sent === "kept" ? "kept" : "acknowledged"));
    }
  };
  if (open.length === 0 || !write.allowed) return null;
  return (
    <>
      <button type="button" class="primary" disabled={write.saving} onClick={() => void run()}>
        {alarms.length === 1 ? translate("acknowledge") : translate("alarms_acknowledge_all", { count: open.length })}
      </button>
      {isKept ? (
        <span class="note" role="status" data-kept="waiting">
          {translate("alarms_kept")}
        </span>
      ) : null}
      <ErrorText error={write.error} inline />
    </>
  );
}
