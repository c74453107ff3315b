// What the station answers to an order that is not stored yet.

import { useEffect, useState } from "preact/hooks";
import { errorText } from "../api/request";
import { useLastChoice } from "./mount";

export interface Preview<Answer> {
  answer: Answer | null;
  /** One sentence where the station refuses the order. */
  problem: string;
}

/** Ask for each `order`, the last of which is answered; an empty one is not asked for, and what was answered stays. */
export function usePreview<Answer>(order: string, ask: (order: string, signal: AbortSignal) => Promise<Answer>): Preview<Answer> {
  const [preview, setPreview] = useState<Preview<Answer>>({ answer: null, problem: "" });
  const last = useLastChoice();
  useEffect(() => {
    if (order === "") return;
    void last
      .run(({ signal }) =>
        ask(order, signal).then(
          (answer) => ({ answer, problem: "" }),
          (error: unknown) => ({ answer: null, problem: errorText(error) ?? "" }),
        ),
      )
      .then((found) => found && setPreview(found));
    return () => last.end();
  }, [order]);
  return preview;
}
