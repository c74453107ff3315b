// The way to the weather of a site: what is forecast for it and what it measured has an address of its own.

import "../i18n/answers";
import type { JSX } from "preact";
import { useApiList } from "../api/query";
import { hrefOfThing } from "../app/address";
import { translate } from "../i18n/translate";

/** `site`: the id of a record, or its name, as devices give it. One that has no record has no page. */
export function SiteLink({ site }: { site: string }): JSX.Element | null {
  const sites = useApiList("/v1/sites", {}).data;
  const record = sites?.find(({ id }) => id === site) ?? sites?.find(({ name }) => name === site);
  if (record === undefined) return null;
  return (
    <p>
      <a class="button" href={hrefOfThing({ kind: "weather", site: record.id })}>
        {translate("answers_weather_of", { site: record.name })}
      </a>
    </p>
  );
}
