// The content of a query: that it is awaited, why it failed, or the answer; an old answer stays and says its age.

import { useErrorBoundary } from "preact/hooks";
import type { ComponentChildren, JSX } from "preact";
import type { ApiState } from "../api/query";
import { ageText } from "../i18n/instants";
import { translate } from "../i18n/translate";

export function Loaded<Data>({
  state,
  children,
}: {
  state: ApiState<Data>;
  children: (data: Data) => ComponentChildren;
}): JSX.Element | null {
  const { data, error, receivedMs } = state;
  if (data === undefined) {
    if (error === null) return state.loading ? <Working awaited /> : null;
    return (
      <p class="error" role="alert">
        {error}{" "}
        <button type="button" class="plain" onClick={state.reload}>
          {translate("retry")}
        </button>
      </p>
    );
  }
  return (
    <>
      {error !== null && receivedMs !== null ? (
        <p class="note" role="status">
          {translate("data_of", { age: ageText(Date.now() - receivedMs), error })}
        </p>
      ) : null}
      {children(data)}
    </>
  );
}

/** `awaited`: what comes in its place moves what is below, where no button is to be tapped meanwhile. */
export function Working({ awaited = false }: { awaited?: boolean }): JSX.Element {
  return (
    <p class={awaited ? "progress awaited" : "progress"} role="status">
      <progress aria-label={translate("working")} /> {translate("working")}
    </p>
  );
}

/** Displays a sentence in place of children that throw, so that the rest of the page goes on. */
export function Guarded({ children }: { children: ComponentChildren }): JSX.Element {
  const [error] = useErrorBoundary((thrown) => console.error(thrown));
  if (error === undefined) return <>{children}</>;
  return (
    <p class="error" role="alert">
      {translate("panel_failed")}
    </p>
  );
}
