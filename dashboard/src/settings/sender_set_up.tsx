// Set-up of a new sender: address and key, shown once, what to enter there, and whether the first post has come.

import "../i18n/senders";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ListItem } from "../api/client";
import { useApi } from "../api/query";
import { useNow } from "../app/mount";
import { translate } from "../i18n/translate";
import { CopyText } from "../ui/copy_text";
import { Loaded } from "../ui/loaded";
import { QrCode } from "../ui/qr_code";
import { OWN_HOSTS } from "./own_hosts";
import { SenderState } from "./sender_state";

/** The first post is seen within so long. */
const EVERY_MS = 2000;

export type Kind = ListItem<"/v1/samples/senders">;

export interface MadeSender {
  id: string;
  name: string;
  kind: Kind;
  key: string;
  path: string;
}

const PROGRAM = ["sender_program_1", "sender_program_2"] as const;
/** What to enter in the sender, by its kind; of another kind that has an address only this. */
const STEPS = {
  senml: PROGRAM,
  "line-protocol": PROGRAM,
  "things-stack": ["sender_ttn_1", "sender_ttn_2", "sender_ttn_3", "sender_ttn_4"],
  chirpstack: ["sender_chirp_1", "sender_chirp_2", "sender_chirp_3"],
  ecowitt: ["sender_eco_1", "sender_eco_2", "sender_eco_3"],
} as const;

export function SenderSetUp({ made, onDone }: { made: MadeSender; onDone: () => void }): JSX.Element {
  const login = useApi("/v1/sample-logins/{key}", { path: { key: made.id } }, { everyMs: EVERY_MS });
  const now = useNow(1000);
  const place = useRef<HTMLElement>(null);
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), []);
  const address = location.origin + made.path;
  const steps = STEPS[made.kind.slug as keyof typeof STEPS] ?? (made.kind.key === "header" ? PROGRAM : ["sender_other_1"]);
  return (
    <section class="stack" data-made={made.kind.slug} ref={place}>
      <h2>{translate("sender_made", { name: made.name })}</h2>
      <p>
        <b>{translate("sender_once")}</b>
      </p>
      {OWN_HOSTS.has(location.hostname) ? <p class="note">{translate("sender_own_machine")}</p> : null}
      <p>{translate("sender_address")}</p>
      <div data-address>
        <CopyText text={address} />
      </div>
      {made.kind.key === "header" ? (
        <>
          <p>{translate("sender_key")}</p>
          <div data-key>
            <CopyText text={`Bearer ${made.key}`} />
          </div>
        </>
      ) : (
        <QrCode text={address} label={translate("sender_qr")} />
      )}
      <h3>{translate("sender_steps")}</h3>
      <ol>
        {steps.map((step) => (
          <li key={step}>{translate(step)}</li>
        ))}
      </ol>
      <div role="status" data-live>
        <Loaded state={login}>
          {(data) =>
            data.received.posts === 0 ? <p>{translate("sender_waits")}</p> : <SenderState login={data} path={made.path} now={now} />
          }
        </Loaded>
      </div>
      <div class="buttons">
        <button type="button" class="secondary" onClick={onDone}>
          {translate("sender_done")}
        </button>
      </div>
    </section>
  );
}
