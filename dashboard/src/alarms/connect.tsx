// Step that connects a person to alarms: a way, a test at once, the person's word, then a second person.

import "../i18n/alarms";
import "../i18n/connect";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { useWrite } from "../api/write";
import { hrefOf } from "../app/address";
import { translate } from "../i18n/translate";
import { ErrorText } from "../ui/error_text";
import { ConnectForm, type Connected } from "./connect_form";
import { ConnectTest } from "./connect_test";
import { WAYS, type Way } from "./connect_ways";

const MINUTE_S = 60;
const REFRESH = ["/v1/duty", "/v1/duty-rotas"] as const;

type Step = { is: "way" } | { is: "form"; way: Way; known: Connected | null } | { is: "test"; way: Way; known: Connected } | { is: "done" };

export function Connect(): JSX.Element {
  const [step, setStep] = useState<Step>({ is: "way" });
  const [first, setFirst] = useState<Connected | null>(null);
  const [second, setSecond] = useState<Connected | null>(null);
  const [calls, setCalls] = useState<"first_then_second" | "by_rota" | null>(null);
  const rotas = useApiList("/v1/duty-rotas", {}).data;
  const site = useApiList("/v1/sites", {}).data?.find(({ active }) => active !== false);
  const rota = useWrite("post", "/v1/duty-rotas", { refresh: REFRESH });
  if (!may("post", "/v1/alarm-recipients")) return <p class="note">{translate("alarms_recipients_admin")}</p>;
  const confirmed = async (known: Connected): Promise<void> => {
    setStep({ is: "done" });
    if (first === null || first.id === known.id) {
      setFirst(known);
      return;
    }
    setSecond(known);
    if ((rotas ?? []).length > 0) setCalls("by_rota");
    if (site === undefined || rotas === undefined || rotas.length > 0) return;
    const always = { days: [1, 2, 3, 4, 5, 6, 7], start: "00:00", end: "00:00", people: [first.name] };
    const made = await rota.run({
      body: {
        name: translate("connect_rota"),
        site: site.id,
        weekly: [always],
        order: [first.name, known.name],
        next_after_s: known.minutes * MINUTE_S,
      },
    });
    if (made !== null) setCalls("first_then_second");
  };
  return (
    <section class="card stack connect" data-panel="connect" data-step={step.is}>
      <h2>{translate("connect_title")}</h2>
      {step.is === "way" ? <Ways isSecond={first !== null} onWay={(way) => setStep({ is: "form", way, known: null })} /> : null}
      {step.is === "form" ? (
        <ConnectForm
          way={step.way}
          known={step.known}
          isSecond={first !== null}
          onSaved={(known) => setStep({ is: "test", way: step.way, known })}
          onBack={() => setStep({ is: "way" })}
        />
      ) : null}
      {step.is === "test" ? (
        <ConnectTest
          known={step.known}
          onConfirmed={() => void confirmed(step.known)}
          onChange={() => setStep({ is: "form", way: step.way, known: step.known })}
        />
      ) : null}
      {step.is === "done" && first !== null ? (
        <>
          <p role="status" class="good">
            ✓ {translate("connect_done", { name: second === null ? first.name : second.name })}
          </p>
          {second === null ? (
            <>
              <p>{translate("connect_second_about", { name: first.name })}</p>
              <div class="buttons">
                <button type="button" onClick={() => setStep({ is: "way" })}>
                  {translate("connect_second")}
                </button>
                <a href={hrefOf("today")}>{translate("connect_later")}</a>
              </div>
            </>
          ) : calls === null ? (
            <ErrorText error={rota.error ?? (site === undefined ? translate("connect_no_site") : null)} />
          ) : (
            <p data-calls={calls}>
              {calls === "by_rota"
                ? translate("connect_rota_is")
                : translate("connect_escalation", { first: first.name, second: second.name, minutes: second.minutes })}{" "}
              <a href={hrefOf("alarms", { tab: "duty" })}>{translate("connect_to_duty")}</a>
            </p>
          )}
        </>
      ) : null}
    </section>
  );
}

function Ways({ isSecond, onWay }: { isSecond: boolean; onWay: (way: Way) => void }): JSX.Element {
  return (
    <>
      <p class="note">{translate("connect_about")}</p>
      <p>{translate(isSecond ? "connect_second_how" : "connect_how")}</p>
      <div class="buttons">
        {/* A second person has another phone: this one is taken. */}
        {WAYS.filter((way) => !isSecond || way !== "push").map((way) => (
          <button key={way} type="button" class="secondary" data-way={way} onClick={() => onWay(way)}>
            {translate(`connect_${way}`)}
          </button>
        ))}
        <a href={hrefOf("today")}>{translate("connect_later")}</a>
      </div>
    </>
  );
}
