// The bar at the foot of a phone: the four pages of every day, with the number of alarms that wait for somebody.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { ACTIVE } from "../api/active_alarms";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { numberText } from "../i18n/numbers";
import { translate, type TextKey } from "../i18n/translate";
import { hrefOf } from "./address";

const EVERY_MS = 30_000;
/** What the page asks for itself comes first. */
const WAIT_MS = 1500;
const MOST = 99;
const TABS = ["today", "greenhouse", "field", "alarms"] as const;
const SIGNS: Record<(typeof TABS)[number], string> = {
  today: "M4 6.5h16v13H4zM4 10.5h16M8 3.5v4M16 3.5v4",
  greenhouse: "M4 19v-8a8 8 0 0 1 16 0v8zM12 3v16M4 12h16",
  field: "M3 19c4-8 14-8 18 0M7.5 19c2-4.6 7-4.6 9 0M12 4v5M9.5 6 12 8.5 14.5 6",
  alarms: "M6 16v-5a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4",
};

interface TabBarProps {
  menu: readonly { name: string; title: TextKey }[];
  page: string;
}

export function TabBar({ menu, page }: TabBarProps): JSX.Element | null {
  const entries = TABS.flatMap((name) => menu.filter((entry) => entry.name === name).map(({ title }) => ({ name, title })));
  if (entries.length < 2) return null;
  return (
    <nav class="tab-bar" aria-label={translate("tab_bar")}>
      {entries.map(({ name, title }) => (
        <a key={name} href={hrefOf(name)} {...(name === page ? { "aria-current": "page" as const } : {})}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d={SIGNS[name]} />
          </svg>
          <span>{translate(title)}</span>
          {name === "alarms" ? <AlarmCount /> : null}
        </a>
      ))}
    </nav>
  );
}

/** How many active alarms nobody has acknowledged; nothing where there are none. */
export function AlarmCount(): JSX.Element | null {
  const [isAsked, setAsked] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(true), WAIT_MS);
    return () => clearTimeout(timer);
  }, []);
  const { data } = useApiList("/v1/alarms", ACTIVE, { everyMs: EVERY_MS, enabled: isAsked && may("get", "/v1/alarms") });
  const count = (data ?? []).filter(({ acknowledged_ms }) => acknowledged_ms === null).length;
  if (count === 0) return null;
  return <span class="count">{count > MOST ? `${MOST}+` : numberText(count, 0)}</span>;
}
