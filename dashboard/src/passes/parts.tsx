// Parts of the panels about a pass: a named value, a table with a caption, and a panel whose content is asked for when it is opened.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { useLastChoice } from "../app/mount";
import { Progress } from "../components/progress";
import { DomNode } from "../ui/dom_node";

/** A named value without details. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="answer">
      <span class="answer-name">{name}</span>
      <span class="answer-value">
        <span class="figure">{children}</span>
      </span>
    </div>
  );
}

export interface CaptionedTableProps {
  caption: string;
  heads: readonly string[];
  rows: readonly (readonly ComponentChildren[])[];
  note?: string;
}

/** A table with a visible caption; the first column heads its rows. */
export function CaptionedTable({ caption, heads, rows, note = "" }: CaptionedTableProps): JSX.Element {
  return (
    <div class="scroll">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...others], row) => (
            <tr key={row}>
              <th scope="row">{first}</th>
              {others.map((cell, at) => (
                <td key={heads[at + 1]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {note === "" ? null : <p class="note">{note}</p>}
    </div>
  );
}

/** A panel whose content is made when it is first opened, and again after a failure. */
export function Folded({
  title,
  panel,
  children,
}: {
  title: string;
  panel: string;
  children: (onFail: () => void) => ComponentChildren;
}): JSX.Element {
  const [{ shown, failed }, setState] = useState({ shown: 0, failed: false });
  return (
    <details
      class="card fold"
      data-panel={panel}
      onToggle={(event) => {
        if (event.currentTarget.open && (shown === 0 || failed)) setState({ shown: shown + 1, failed: false });
      }}
    >
      <summary>
        <h2>{title}</h2>
      </summary>
      <div class="fold-place" key={shown}>
        {shown === 0 ? null : children(() => setState({ shown, failed: true }))}
      </div>
    </details>
  );
}

export interface Asked<T> {
  answer: T | null;
  progress: JSX.Element;
  again: () => Promise<void>;
}

/** Ask once and for each change of `keys`; the last question alone is answered. */
export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[], onFail?: () => void): Asked<T> {
  const last = useLastChoice();
  const progress = useMemo(() => new Progress(), []);
  const [answer, setAnswer] = useState<T | null>(null);
  const again = async (): Promise<void> => {
    const given = await progress.run(() => last.run(({ signal }) => ask(signal)));
    if (given !== null) setAnswer(() => given);
    else if (progress.element.classList.contains("failed")) onFail?.();
  };
  useEffect(() => void again(), [...keys]);
  return { answer, progress: <DomNode node={progress.element} />, again };
}
