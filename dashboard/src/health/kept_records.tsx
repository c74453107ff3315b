// What bounds everything that the station keeps: days, numbers or nothing, and what was deleted by them.

import "../i18n/health";
import type { JSX } from "preact";
import { useApi } from "../api/query";
import { dateText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";

const REFRESH_MS = 600_000;

export function KeptRecords(): JSX.Element {
  const kept = useApi("/v1/store/lifecycle", {}, { everyMs: REFRESH_MS });
  return (
    <Loaded state={kept}>
      {({ items }) => (
        <table class="kept-records">
          <thead>
            <tr>
              <th scope="col">{translate("health_kept_records")}</th>
              <th scope="col">{translate("health_kept_for")}</th>
              <th scope="col">{translate("health_kept_bound")}</th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.kind} data-kind={item.kind}>
                <th scope="row">{item.name}</th>
                <td>
                  {item.bound !== "retention"
                    ? ""
                    : typeof item.days === "number"
                      ? translate("health_kept_days", { days: numberText(item.days, 0) })
                      : translate("health_kept_for_ever")}
                </td>
                <td>
                  {item.bound_text}
                  {item.deleted && typeof item.deleted_before_ms === "number" ? (
                    <p class="note">
                      {translate("health_kept_deleted", { count: numberText(item.deleted, 0), date: dateText(item.deleted_before_ms) })}
                    </p>
                  ) : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Loaded>
  );
}
