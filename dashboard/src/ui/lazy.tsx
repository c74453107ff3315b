// A part of a page that is loaded when it is opened.

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { translate } from "../i18n/translate";
import { Working } from "./loaded";

interface FoldProps<Props> {
  title: string;
  load: () => Promise<ComponentType<Props>>;
  props: Props;
  class?: string;
  /** Opened at first. */
  open?: boolean;
}

/** A heading that opens a component, whose code is loaded then; of class `tool` it makes something new, and is not printed. */
export function LazyFold<Props extends object>({
  title,
  load,
  props,
  class: className = "fold",
  open: opened = false,
}: FoldProps<Props>): JSX.Element {
  const [open, setOpen] = useState(opened);
  return (
    <details class={className} open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{title}</summary>
      {open ? <Lazy load={load} props={props} /> : null}
    </details>
  );
}

export function Lazy<Props extends object>({ load, props }: Pick<FoldProps<Props>, "load" | "props">): JSX.Element {
  const [Part, setPart] = useState<ComponentType<Props> | "failed" | null>(null);
  // Loaded once: the loader is written in place, and another function each time.
  useEffect(() => {
    let left = false;
    load().then(
      (loaded) => left || setPart(() => loaded),
      () => left || setPart("failed"),
    );
    return () => {
      left = true;
    };
  }, []);
  if (Part === null) return <Working />;
  if (Part === "failed") return <p class="error">{translate("error_unreachable")}</p>;
  return <Part {...props} />;
}
