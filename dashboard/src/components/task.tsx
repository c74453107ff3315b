// A task that a component runs: that it runs and for how long, its share where known, and the error where it failed.

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { errorText } from "../api/request";
import { translate } from "../i18n/translate";

interface TaskState {
  /** `Date.now()` at the start of the newest run; null while none runs. */
  startMs: number | null;
  /** The done part, from 0 to 1; null where it is not known. */
  share: number | null;
  text: string;
  failed: boolean;
}

export interface Task {
  running: boolean;
  /** What says how it goes: for `TaskLine`. */
  state: TaskState;
  /** Run it and display its state; null where it failed. `report(share)` sets the bar. A run that ends after a newer one displays nothing. */
  run: <T>(work: (report: (share: number) => void) => Promise<T>, doneText?: string) => Promise<T | null>;
}

const IDLE: TaskState = { startMs: null, share: null, text: "", failed: false };

export function useTask(): Task {
  const [state, setState] = useState(IDLE);
  const run = useMemo(() => {
    let newest = 0;
    return async <T,>(work: (report: (share: number) => void) => Promise<T>, doneText = ""): Promise<T | null> => {
      newest += 1;
      const number = newest;
      const set = (next: TaskState): void => (number === newest ? setState(next) : undefined);
      const started: TaskState = { ...IDLE, startMs: Date.now() };
      set(started);
      try {
        const result = await work((share) => set({ ...started, share }));
        set({ ...IDLE, text: doneText });
        return result;
      } catch (error) {
        const text = errorText(error);
        set(text === null ? IDLE : { ...IDLE, text, failed: true });
        return null;
      }
    };
  }, []);
  return { running: state.startMs !== null, state, run };
}

/** The state of a task as a line; nothing while there is nothing to say. */
export function TaskLine({ task }: { task: Task }): JSX.Element | null {
  const { startMs, share, text, failed } = task.state;
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (startMs === null) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [startMs]);
  if (startMs === null && text === "") return null;
  const seconds = startMs === null ? 0 : Math.round((now - startMs) / 1000);
  const running = seconds > 0 ? translate("working_for", { seconds }) : translate("working");
  return (
    <p class={failed ? "progress failed" : "progress"} role="status">
      {startMs === null ? null : <progress aria-label={translate("working")} {...(share === null ? {} : { max: 1, value: share })} />}
      <span class="progress-text">{startMs === null ? text : running}</span>
    </p>
  );
}
