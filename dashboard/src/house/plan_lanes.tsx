// The plan of a greenhouse by hour: a lane for each actuator, in which one order holds at a time, with its reasons by number.

import type { JSX } from "preact";
import { withUnit } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import "../i18n/house";
import { Bars, NightShade, NowLine, Picture, TimeAxis, type DrawnProps } from "../today/picture";
import { currentLanguageOf, textOf, type Span, type Strip } from "../today/records";
import { without, type TimeScale } from "../today/time_scale";
import type { Lane, Plan, PlanOrder } from "./records";

const BAR = { y: 6.5, height: 21 };
/** Widths of a Chinese and of another letter of 12 px, and of a number. */
const WIDE_PX = 12;
const NARROW_PX = 6.6;
const NUMBER_PX = 21;

export function PlanLanes({ plan, scale }: { plan: Plan; scale: TimeScale }): JSX.Element {
  const reasons = reasonsOf(plan.lanes);
  const night = plan.strip?.night ?? [];
  return (
    <section class="card" data-panel="plan" aria-label={translate("house_plan")}>
      <h2>
        {translate("house_plan")} <small>{translate("house_one_order")}</small>
      </h2>
      <div class="lanes">
        <span />
        <TimeAxis scale={scale} />
        {plan.lanes.map((lane) => (
          <LaneRow key={lane.actuator} lane={lane} reasons={reasons} night={night} scale={scale} />
        ))}
        {plan.strip === null ? null : <WetLane strip={plan.strip} scale={scale} />}
      </div>
      {reasons.length === 0 ? null : (
        <ol class="reasons">
          {reasons.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ol>
      )}
      <Balance plan={plan} />
    </section>
  );
}

/** What the plan brings, costs and gives up, as far as it is known. */
function Balance({ plan }: { plan: Plan }): JSX.Element | null {
  const { gain, gain_reason: untold, cost, gives_up: givesUp } = plan;
  const parts = [
    ["house_gains", gain === null ? "" : textOf(gain)],
    ["house_costs", cost === null ? "" : withUnit(cost.value, cost.unit, 0)],
    ["house_gives_up", givesUp === null ? "" : textOf(givesUp)],
  ] as const;
  const known = parts.filter(([, text]) => text !== "");
  const isPlanned = plan.lanes.length > 0;
  if (known.length === 0 && (untold === null || !isPlanned)) return null;
  return (
    <p class="gives">
      {known.map(([name, text]) => (
        <span key={name}>
          {translate(name)} <b>{text}</b>
        </span>
      ))}
      {untold === null || !isPlanned ? null : <span>{textOf(untold)}</span>}
    </p>
  );
}

/** Return each reason once, in the order in which the lanes have them. */
function reasonsOf(lanes: readonly Lane[]): string[] {
  return [...new Set(lanes.flatMap(({ orders }) => orders.flatMap(({ reasons }) => reasons.map((reason) => textOf(reason)))))];
}

interface LaneProps {
  lane: Lane;
  reasons: readonly string[];
  night: readonly Span[];
  scale: TimeScale;
}

function LaneRow({ lane, reasons, night, scale }: LaneProps): JSX.Element {
  const name = currentLanguageOf(lane.name, lane.name_zh);
  const words = lane.orders.map((order) => `${scale.clock(order.from_ms)}–${scale.clock(order.to_ms)} ${textOf(order)}`);
  return (
    <>
      <span class="lane-name">{name}</span>
      <Picture
        class="lane"
        label={translate("name_and_text", { name, text: words.length === 0 ? translate("house_no_order") : words.join("; ") })}
        draw={(width, height) => (
          <>
            <NightShade scale={scale} width={width} height={height} night={night} />
            <Orders lane={lane} reasons={reasons} scale={scale} width={width} height={height} />
            <NowLine scale={scale} width={width} height={height} />
          </>
        )}
      />
    </>
  );
}

function Orders({ lane, reasons, scale, width, height }: DrawnProps & { lane: Lane; reasons: readonly string[] }): JSX.Element {
  const middle = height / 2;
  const orders = inTurn(lane);
  const nowX = scale.x(scale.nowMs, width);
  return (
    <>
      <line class="lane-past" x1={0} x2={nowX} y1={middle} y2={middle} />
      <line class="lane-rest" x1={nowX} x2={width} y1={middle} y2={middle} />
      {orders.map((order, at) => {
        const from = scale.x(order.from_ms, width);
        const to = scale.x(order.to_ms, width);
        const nextFrom = scale.x(orders[at + 1]?.from_ms ?? scale.toMs, width);
        const number = reasons.indexOf(order.reasons[0] === undefined ? "" : textOf(order.reasons[0])) + 1;
        return (
          <OrderMark key={order.from_ms} order={order} lane={lane} from={from} to={to} room={nextFrom} number={number} middle={middle} />
        );
      })}
    </>
  );
}

interface MarkProps {
  order: PlanOrder;
  lane: Lane;
  from: number;
  to: number;
  /** Where the next order begins: a text ends before. */
  room: number;
  number: number;
  middle: number;
}

function OrderMark({ order, lane, from, to, room, number, middle }: MarkProps): JSX.Element {
  const isActive = order.kind === "on";
  const isBar = order.kind !== "off";
  const word = translate(ORDER_TEXTS[`${lane.actuator}_${order.order}`] ?? ORDER_TEXTS[order.order] ?? "house_order_off");
  const wordPx = [...word].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? WIDE_PX : NARROW_PX), 0);
  const numberPx = number > 0 ? NUMBER_PX : 0;
  const isInside = to - from >= wordPx + numberPx + 10;
  const start = isInside ? from + 6 : to + 6;
  const hasWord = isInside || room - to >= wordPx + numberPx + 8;
  const hasNumber = number > 0 && (hasWord || to - from >= numberPx || room - to >= numberPx);
  const isLight = isActive && isInside;
  return (
    <g class={`order ${order.kind}`}>
      {isBar ? <rect x={from + 0.5} y={BAR.y} width={Math.max(4, to - from - 1)} height={BAR.height} rx={4} /> : null}
      {hasNumber ? (
        <g class={isLight ? "order-number light" : "order-number"}>
          <circle cx={start + 8} cy={middle} r={8} />
          <text x={start + 8} y={middle + 4} text-anchor="middle">
            {number}
          </text>
        </g>
      ) : null}
      {hasWord ? (
        <text class={isLight ? "order-word light" : "order-word halo"} x={start + numberPx} y={middle + 4}>
          {word}
        </text>
      ) : null}
    </g>
  );
}

const ORDER_TEXTS = {
  open: "house_order_open",
  close: "house_order_close",
  on: "house_order_on",
  off: "house_order_off",
  apply: "house_order_apply",
  wait: "house_order_wait",
  give: "house_order_give",
  withhold: "house_order_withhold",
  screens_close: "house_order_screens_close",
  screens_open: "house_order_screens_open",
} as const satisfies Record<string, Parameters<typeof translate>[0]> as Readonly<Record<string, Parameters<typeof translate>[0]>>;

/** Return the orders of a lane in turn; throws where two hold at once, which no reader could carry out. */
function inTurn({ actuator, orders }: Lane): PlanOrder[] {
  const sorted = [...orders].sort((a, b) => a.from_ms - b.from_ms);
  const isDouble = sorted.some((order, at) => order.to_ms > (sorted[at + 1]?.from_ms ?? order.to_ms));
  if (isDouble) throw new Error(`${actuator}: two orders at once`);
  return sorted;
}

function WetLane({ strip, scale }: { strip: Pick<Strip, "night"> & { house: Strip["house"] }; scale: TimeScale }): JSX.Element | null {
  const { house } = strip;
  if (house === null) return null;
  const all = hoursOf(house.hazards.wet);
  const rest = without(house.hazards.wet, house.avoided.wet);
  const text =
    house.avoided.wet.length === 0
      ? translate("house_wet_hours", { n: all })
      : translate("house_wet_less", { n: all, rest: hoursOf(rest) });
  return (
    <>
      <span class="lane-name">
        {translate("house_wet")} <small>{text}</small>
      </span>
      <Picture
        class="wet-lane"
        label={translate("name_and_text", { name: translate("house_wet"), text })}
        draw={(width, height) => (
          <>
            <NightShade scale={scale} width={width} height={height} night={strip.night} />
            <Bars class="bar wet" spans={rest} y={8} barHeight={7} scale={scale} width={width} height={height} />
            <Bars class="bar avoided wet" spans={house.avoided.wet} y={8} barHeight={7} scale={scale} width={width} height={height} />
            <NowLine scale={scale} width={width} height={height} />
          </>
        )}
      />
    </>
  );
}

function hoursOf(spans: readonly Span[]): number {
  return Math.round(spans.reduce((sum, [from, to]) => sum + to - from, 0) / 3_600_000);
}
