// A sensor from found to its live value: the gateway searches, a person says which device it is and what it measures.

import "../i18n/sensors";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useApiList } from "../api/query";
import { errorText } from "../api/request";
import { translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { NumberField, TextField } from "../ui/fields";
import { Form, type FormValues } from "../ui/form";
import { Loaded, Working } from "../ui/loaded";
import { FoundSensors } from "./found_sensors";
import { LiveSensor } from "./live_sensor";
import { survey, whyText, type Answer, type Connected, type Order, type Zone } from "./survey";

type Way = "modbus" | "mqtt";
const LISTEN_S = 15;
/** Units that are asked: most lines have a few, and a silent one costs half a second. */
const LAST_UNIT = 8;
const PORTS = { modbus: 502, mqtt: 1883 } as const;

interface ConnectProps {
  /** Where the sensor is; without it a person says so. */
  zone?: Zone;
  /** The gateway that reads it; without it one that is online. */
  gateway?: string;
}

export function ConnectSensor({ zone, gateway: given }: ConnectProps): JSX.Element {
  const gateways = useApiList("/v1/gateways", {});
  const [way, setWay] = useState<Way>("modbus");
  const [chosen, setChosen] = useState("");
  const [searching, setSearching] = useState(false);
  const [answer, setAnswer] = useState<Answer | null>(null);
  const [login, setLogin] = useState<{ username: string; password: string } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [connected, setConnected] = useState<Connected | null>(null);
  const isLeft = useRef(false);
  useEffect(
    () => () => {
      isLeft.current = true;
    },
    [],
  );
  const online = (gateways.data ?? []).filter(({ id, online }) => online === true && (given === undefined || id === given));
  const gateway = chosen || (online[0]?.id ?? "");

  const search = async (values: FormValues): Promise<boolean> => {
    setAnswer(null);
    setError(null);
    setSearching(true);
    const known = values.text("username") === "" ? null : { username: values.text("username"), password: values.text("password") };
    setLogin(known);
    const address = { host: values.text("host"), port: values.number("port") ?? PORTS[way] };
    const order: Order =
      way === "modbus"
        ? { type: "survey_modbus", ...address, first_unit: 1, last_unit: LAST_UNIT }
        : { type: "survey_mqtt", ...address, seconds: LISTEN_S, ...(known ?? {}) };
    try {
      const found = await survey(gateway, order, () => isLeft.current);
      setAnswer(found);
      setError(found.why === "" ? null : whyText(found));
    } catch (failure) {
      setError(errorText(failure));
    }
    setSearching(false);
    return false;
  };

  if (connected !== null)
    return (
      <LiveSensor
        connected={connected}
        onAgain={() => {
          setConnected(null);
          setAnswer(null);
        }}
      />
    );
  return (
    <section class="stack" data-panel="sensor">
      <p class="note">{translate("sensor_about")}</p>
      <div class="choices-row">
        {online.length > 1 ? (
          <Choice
            label={translate("sensor_gateway")}
            value={gateway}
            options={online.map(({ id }) => ({ value: id, text: id }))}
            onChoose={setChosen}
          />
        ) : null}
        <Choice<Way>
          label={translate("sensor_way")}
          value={way}
          options={[
            { value: "modbus", text: translate("sensor_modbus") },
            { value: "mqtt", text: translate("sensor_mqtt") },
          ]}
          onChoose={setWay}
        />
      </div>
      <Loaded state={gateways}>
        {() =>
          gateway === "" ? (
            <p class="error">{translate("sensor_no_gateway")}</p>
          ) : (
            <Form key={way} name={`sensor_search_${way}`} submit={translate("sensor_search")} onSubmit={search}>
              <Address way={way} />
            </Form>
          )
        }
      </Loaded>
      {searching ? (
        <p role="status">
          {translate("sensor_searching", { seconds: String(way === "mqtt" ? LISTEN_S : 5) })} <Working />
        </p>
      ) : null}
      <ErrorText error={error} />
      {answer !== null && answer.why === "" && answer.found.length === 0 ? <p>{translate("sensor_nothing")}</p> : null}
      {answer === null ? null : (
        <FoundSensors
          found={answer.found.map((each) => ({ ...each, source: { ...each.source, ...(login ?? {}) } }))}
          gateway={gateway}
          {...(zone === undefined ? {} : { zone })}
          onConnected={setConnected}
        />
      )}
    </section>
  );
}

function Address({ way }: { way: Way }): JSX.Element {
  const [asks, setAsks] = useState(false);
  return (
    <>
      <div class="choices-row">
        <TextField name="host" label={translate("sensor_host")} value={way === "mqtt" ? "127.0.0.1" : ""} required maxLength={255} />
        <NumberField name="port" label={translate("sensor_port")} value={PORTS[way]} min={1} max={65_535} required />
      </div>
      {way === "mqtt" ? (
        <details onToggle={(event) => setAsks(event.currentTarget.open)}>
          <summary>{translate("sensor_with_login")}</summary>
          {asks ? (
            <div class="choices-row">
              <TextField name="username" label={translate("sensor_login")} maxLength={256} autocomplete="off" />
              <TextField name="password" type="password" label={translate("sensor_password")} maxLength={256} autocomplete="off" />
            </div>
          ) : null}
        </details>
      ) : null}
    </>
  );
}
