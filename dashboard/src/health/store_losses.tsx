// Damage of the store's files: what was lost by it, and the acknowledgement of an administrator.

import "../i18n/health";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { dateTimeText, windowText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { englishOnly, translate } from "../i18n/translate";
import type { Delivery } from "./records";

const REFRESH_MS = 60_000;

/** Every gateway's delivery names the same damage: it is of the store as a whole. */
export function StoreLosses({ gateways }: { gateways: readonly { id: string }[] }): JSX.Element | null {
  const [{ id: gateway } = { id: "" }] = gateways;
  const delivery = useApi("/v1/gateways/{gateway}/delivery", { path: { gateway } }, { everyMs: REFRESH_MS, enabled: gateway !== "" });
  const losses = delivery.data?.store_losses ?? [];
  if (losses.length === 0) return null;
  return (
    <section class="card" data-panel="store-losses">
      <h2>{translate("health_store_losses")}</h2>
      <p class="note">{translate("health_store_losses_about")}</p>
      <ul class="plain-list">
        {losses.map((loss) => (
          <li key={loss.found_ms}>
            <strong class={loss.acknowledged_ms === null ? "bad" : ""}>{sentenceOf(loss)}</strong>
            {englishOnly(loss.sentence) ? <p class="note">{loss.sentence}</p> : null}
          </li>
        ))}
      </ul>
      {(delivery.data?.store_losses_left_out ?? 0) > 0 ? (
        <p class="note">{translate("health_store_losses_more", { count: delivery.data?.store_losses_left_out ?? 0 })}</p>
      ) : null}
    </section>
  );
}

function sentenceOf(loss: Delivery["store_losses"][number]): string {
  const count = (value: number | null): string => (value === null ? translate("unknown") : numberText(value, 0));
  return [
    translate("health_store_loss", {
      found: dateTimeText(loss.found_ms),
      samples: count(loss.samples),
      events: count(loss.events),
      suspect: count(loss.suspect_samples),
    }),
    loss.start_ms === null || loss.end_ms === null
      ? ""
      : translate("health_store_loss_of", { period: windowText(loss.start_ms, loss.end_ms) }),
    loss.acknowledged_ms === null
      ? translate("health_store_loss_open")
      : translate("health_store_loss_known", { when: dateTimeText(loss.acknowledged_ms) }),
  ]
    .filter(Boolean)
    .join(" ");
}
