// Import of a combine's log in its place: the yield is asked for again once a file was read.

import "../i18n/yields";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { reload, useApi } from "../api/query";
import { ImportsPanel } from "../imports/imports_panel";
import { translate } from "../i18n/translate";

export function HarvestImport(): JSX.Element {
  // The panel below asks again and again; its answers are these.
  const imports = useApi("/v1/imports", {});
  const done = imports.data?.items.filter(({ state }) => state === "done").length;
  const before = useRef(done);
  useEffect(() => {
    if (done !== undefined && before.current !== undefined && done > before.current)
      void reload("/v1/fields/{field}/harvest-passes", "/v1/fields/{field}/yield", "/v1/fields/{field}/yield/stability");
    before.current = done ?? before.current;
  }, [done]);
  return <ImportsPanel about={translate("yield_import_about")} />;
}
