// The draft of a plan on the page: what was told is in the address until a prescription keeps it, so that nothing is lost.

import { useRef, useState } from "preact/hooks";
import type { Body } from "../api/client";
import { useApi, type ApiState } from "../api/query";
import { useWrite } from "../api/write";
import { useChoice } from "../app/mount";

export type Plan = Body<"/v1/fields/{thing}/plan">;
export type PlanNumber = NonNullable<Plan["need"]>["total"];
export type Step = Plan["step"];
export type Told = Readonly<Record<string, number | string>>;

export const STEPS = ["season", "need", "prescription", "mission", "flight"] as const satisfies readonly Step[];

export interface Draft {
  state: ApiState<Plan>;
  /** Change one value, and show all that follows; null takes it back. Returns whether it was taken. */
  change: (name: string, value: number | string | null) => Promise<boolean>;
  saving: boolean;
  /** Whether a plan has all that was told: an older one stays on the page while the next is awaited. */
  isCurrent: (plan: Plan) => boolean;
  error: string | null;
  open: Step | "";
  show: (step: Step) => void;
  /** What was told is in a prescription now. */
  kept: () => void;
  /** Plan the dressing after the one that has its prescription. */
  again: () => void;
}

export function useDraft(field: string): Draft {
  const [text, setText] = useChoice("told");
  const [anew, setAnew] = useChoice("anew");
  const [open, setOpen] = useChoice("step");
  // Changes follow one another: each goes with what the one before it told, not with what was drawn last.
  const latest = useRef(text);
  const before = useRef<Promise<unknown>>(Promise.resolve());
  const [waiting, setWaiting] = useState(0);
  const told = readTold(text);
  const path = { thing: field };
  const query = { ...told, ...(anew === "" ? {} : { anew: true }) };
  const state = useApi("/v1/fields/{thing}/plan", { path, query } as never, { keep: true });
  const write = useWrite("patch", "/v1/fields/{thing}/plan", { refresh: ["/v1/fields/{thing}/plan", "/v1/seasons"] });
  const send = async (name: string, value: number | string | null): Promise<boolean> => {
    const params = { path, query: readTold(latest.current) } as never;
    const answer = await write.run({ params, body: { name, value } as never });
    if (answer === null || answer === true) return false;
    const { told: now } = answer as unknown as Plan;
    latest.current = Object.keys(now).length === 0 ? "" : JSON.stringify(now);
    setAnew("yes");
    setText(latest.current);
    return true;
  };
  const forget = (): void => {
    latest.current = "";
    setText("");
  };
  return {
    state,
    saving: waiting > 0,
    isCurrent: (plan) => textOf(plan.told as Told) === textOf(readTold(latest.current)),
    error: write.error,
    change: (name, value) => {
      setWaiting((count) => count + 1);
      const changed = before.current.then(() => send(name, value)).finally(() => setWaiting((count) => count - 1));
      before.current = changed.catch(() => false);
      return changed;
    },
    open: STEPS.find((step) => step === open) ?? "",
    show: setOpen,
    kept: () => {
      forget();
      setAnew("");
      setOpen("mission");
    },
    again: () => {
      forget();
      setAnew("yes");
      setOpen("need");
    },
  };
}

function readTold(text: string): Told {
  try {
    const read: unknown = JSON.parse(text === "" ? "{}" : text);
    if (typeof read !== "object" || read === null) return {};
    return Object.fromEntries(Object.entries(read).filter(([, value]) => typeof value === "number" || typeof value === "string"));
  } catch {
    return {};
  }
}

function textOf(told: Told): string {
  return JSON.stringify(Object.entries(told).sort(([one], [other]) => one.localeCompare(other)));
}
