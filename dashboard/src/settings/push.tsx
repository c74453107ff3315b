// Alarms as notifications of this browser: on and off.

import "../i18n/settings";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { canPush, storedPush, storePush, subscribeBrowser, type KnownPush } from "../api/browser_push";
import { reload } from "../api/query";
import { ApiError } from "../api/request";
import { useWrite } from "../api/write";
import { currentLanguage } from "../i18n/preferences";
import { translate, type TextKey } from "../i18n/translate";
import { TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";

export function PushSwitch(): JSX.Element {
  const [known, setKnown] = useState<KnownPush | null>(storedPush());
  const [problem, setProblem] = useState<TextKey | null>(null);
  const subscribe = useWrite("post", "/v1/push-subscriptions", { refresh: ["/v1/alarm-recipients"] });
  const remove = useWrite("delete", "/v1/push-subscriptions/{recipient}", { refresh: ["/v1/alarm-recipients"] });
  const able = canPush();
  const turnOn = async (values: FormValues): Promise<boolean | null> => {
    setProblem(null);
    if ((await Notification.requestPermission()) !== "granted") {
      setProblem("settings_push_denied");
      return null;
    }
    let subscription: PushSubscription;
    try {
      subscription = await subscribeBrowser();
    } catch (error) {
      setProblem(error instanceof ApiError ? "error_unreachable" : "settings_push_failed");
      return null;
    }
    const { endpoint, keys } = subscription.toJSON();
    const body = {
      name: values.text("name"),
      endpoint: endpoint ?? "",
      p256dh: keys?.["p256dh"] ?? "",
      auth: keys?.["auth"] ?? "",
      language: currentLanguage(),
      least_severity: "warning" as const,
    };
    const made = (await subscribe.run({ body })) as KnownPush | true | null;
    if (made === null || made === true) return false;
    storePush(made);
    setKnown(made);
    return true;
  };
  const turnOff = async (): Promise<void> => {
    if (known === null) return;
    const registration = await navigator.serviceWorker.ready;
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    const gone = (await remove.run({ params: { path: { recipient: known.recipient } } })) !== null || remove.failure?.status === 404;
    storePush(null);
    setKnown(null);
    if (!gone) await reload("/v1/alarm-recipients");
  };
  return (
    <section data-panel="push">
      <h2>{translate("settings_push")}</h2>
      <p class="note">{translate("settings_push_about")}</p>
      {!able ? (
        <p class="note">{translate("settings_push_unable")}</p>
      ) : known === null ? (
        <Form name="push" submit={translate("settings_push_on")} write={subscribe} onSubmit={turnOn}>
          <TextField name="name" label={translate("settings_push_name")} required maxLength={200} />
        </Form>
      ) : (
        <>
          <p role="status">{translate("settings_push_is_on", { name: known.name })}</p>
          <button type="button" class="secondary" disabled={remove.saving} onClick={() => void turnOff()}>
            {translate("settings_push_off")}
          </button>
        </>
      )}
      {problem === null ? null : (
        <p class="error" role="alert">
          {translate(problem)}
        </p>
      )}
    </section>
  );
}
