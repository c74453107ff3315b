// Active alarms by cause and place, the most serious first; one that a link led to is on its own above the others.

import "../i18n/alarms";
import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import { useApiList } from "../api/query";
import { hrefOf } from "../app/address";
import { useView } from "../app/mount";
import { translate } from "../i18n/translate";
import { Empty } from "../ui/empty";
import { Loaded } from "../ui/loaded";
import { NotFound } from "../ui/not_found";
import { useUniqueId } from "../ui/unique_id";
import { AlarmCard } from "./alarm_card";
import { GroupCard } from "./alarm_group";
import { groupAlarms, type AlarmGroup } from "./groups";
import { titleOf, type AlarmItem } from "./records";
import { NobodyIsTold } from "./told_line";

const REFRESH_MS = 5000;
/** Up to so many alarms each has its buttons and fields at once. */
const FEW = 3;
/** Groups that are displayed at first. */
const GROUPS = 10;

export function ActiveAlarms(): JSX.Element {
  const alarms = useApiList("/v1/alarms", { query: { state: "active", limit: 1000 } }, { everyMs: REFRESH_MS });
  return (
    <section class="stack" data-panel="active">
      <NobodyIsTold />
      <Loaded state={alarms}>{(items) => <AlarmList items={items} />}</Loaded>
    </section>
  );
}

function AlarmList({ items }: { items: readonly AlarmItem[] }): JSX.Element {
  const { route, farm } = useView();
  const askedId = route.query.get("alarm");
  const [wanted, setWanted] = useState("");
  const [isAll, setAll] = useState(false);
  const nameOf = (alarm: AlarmItem): string => alarm.name || farm.nameOf(alarm.subject);
  const asked = items.find(({ id }) => id === askedId);
  const groups = useMemo(() => {
    const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
    const others = items.filter((alarm) => alarm !== asked);
    const found = words.length === 0 ? others : others.filter((alarm) => words.every((word) => textOf(alarm, nameOf).includes(word)));
    return groupAlarms(found, nameOf);
  }, [items, wanted, asked]);
  const isFew = items.length <= FEW;
  const hasSites = new Set(items.map(({ site }) => site)).size > 1;
  const shown = isAll ? groups : groups.slice(0, GROUPS);
  return (
    <>
      {askedId === null || asked !== undefined ? null : (
        <NotFound kind="alarm" id={askedId} back={{ href: hrefOf("alarms", { tab: "history" }), text: translate("alarms_history") }} />
      )}
      {items.length === 0 ? (
        <Empty text={translate("alarms_none")} />
      ) : (
        <>
          <p class="note" role="status">
            {translate("alarms_count", { count: items.length })}
          </p>
          {asked === undefined ? null : <AlarmCard key={asked.id} alarm={asked} isAsked isShort={false} />}
          {items.length > FEW ? <Search wanted={wanted} onSearch={setWanted} /> : null}
          {groups.length === 0 && wanted !== "" ? <p class="note">{translate("search_none")}</p> : null}
          <div class="cards">
            {shown.map((group) => (
              <GroupOrAlarm key={group.key} group={group} nameOf={nameOf} site={hasSites ? group.site : null} isFew={isFew} />
            ))}
          </div>
          {shown.length < groups.length ? (
            <button type="button" class="secondary" onClick={() => setAll(true)}>
              {translate("alarms_all_groups", { count: groups.length })}
            </button>
          ) : null}
        </>
      )}
    </>
  );
}

interface GroupProps {
  group: AlarmGroup;
  nameOf: (alarm: AlarmItem) => string;
  site: string | null;
  isFew: boolean;
}

/** A group of one is that alarm; of few alarms none is hidden in a group. */
function GroupOrAlarm({ group, nameOf, site, isFew }: GroupProps): JSX.Element {
  if (group.alarms.length > 1 && !isFew) return <GroupCard group={group} nameOf={nameOf} site={site} />;
  return (
    <>
      {group.alarms.map((alarm) => (
        <AlarmCard key={alarm.id} alarm={alarm} isAsked={false} isShort={!isFew} />
      ))}
    </>
  );
}

function Search({ wanted, onSearch }: { wanted: string; onSearch: (text: string) => void }): JSX.Element {
  const id = useUniqueId();
  return (
    <div class="labelled">
      <label for={id}>{translate("alarms_search")}</label>
      <input id={id} type="search" value={wanted} onInput={(event) => onSearch(event.currentTarget.value)} />
    </div>
  );
}

function textOf(alarm: AlarmItem, nameOf: (alarm: AlarmItem) => string): string {
  return `${nameOf(alarm)} ${alarm.subject} ${alarm.site} ${titleOf({ ...alarm, name: alarm.rule })} ${alarm.note}`.toLowerCase();
}
