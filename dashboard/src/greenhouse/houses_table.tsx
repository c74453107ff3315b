// All greenhouses as a table, the one with the most trouble first.

import "../i18n/greenhouse";
import type { JSX } from "preact";
import type { ListItem } from "../api/client";
import { useApiList } from "../api/query";
import { hrefOfThing } from "../app/address";
import { sentenceOf } from "../components/tonight_text";
import { findTerm, term, translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { Table, type Column } from "../ui/table";
import type { GreenhouseItem } from "./records";

export type OutlookCard = ListItem<"/v1/tonight">;
export type Statement = OutlookCard["statements"][number];

const REFRESH_MS = 120_000;
const TIMEOUT_MS = 120_000;
/** What is worse is first; a house of which nothing is known is before one that is well. */
const TROUBLE: Record<string, number> = { high: 3, moderate: 2, unknown: 1, low: 0 };
const KINDS = ["leaf_condensation", "cover_condensation", "frost", "disease"] as const;

interface Row {
  house: GreenhouseItem;
  card: OutlookCard | undefined;
}

/** Ask for what the next 24 hours bring to each greenhouse. */
export function useOutlook() {
  return useApiList("/v1/tonight", { query: { kind: "greenhouse", limit: 50 } }, { everyMs: REFRESH_MS, timeoutMs: TIMEOUT_MS });
}

export function cardOf(cards: readonly OutlookCard[], house: GreenhouseItem): OutlookCard | undefined {
  return cards.find(({ id }) => id === house.id);
}

export function HousesTable({ houses }: { houses: readonly GreenhouseItem[] }): JSX.Element {
  const outlook = useOutlook();
  return (
    <section class="card" data-panel="houses">
      <h1>{translate("page_greenhouse")}</h1>
      <p class="note">{translate("greenhouse_outlook_about")}</p>
      <Loaded state={outlook}>
        {(cards) => (
          <Table
            name={translate("page_greenhouse")}
            // A device in a zone is part of its house, not one of its own.
            rows={houses
              .map((house): Row => ({ house, card: cardOf(cards, house) }))
              .filter(({ house, card }) => house.registered || card !== undefined)}
            columns={COLUMNS()}
            keyOf={({ house }) => house.id}
            searchIn={({ house, card }) => `${house.name} ${card?.site ?? ""}`}
            sorted={{ key: "trouble", descending: true }}
            rowAttributes={({ house }) => ({ "data-house": house.id })}
          />
        )}
      </Loaded>
    </section>
  );
}

function COLUMNS(): Column<Row>[] {
  return [
    {
      key: "name",
      head: translate("greenhouse"),
      cell: ({ house, card }) => (
        <>
          <a href={hrefOfThing({ kind: "greenhouse", id: house.id })}>{house.name}</a>{" "}
          {card?.simulated ? <span class="badge">{translate("simulated")}</span> : null}
        </>
      ),
      sortBy: ({ house }) => house.name,
    },
    {
      key: "trouble",
      head: translate("greenhouse_trouble"),
      cell: ({ card }) => <Level level={card?.level ?? "unknown"} />,
      sortBy: ({ card }) => 100 * (TROUBLE[card?.level ?? "unknown"] ?? 0) + (card?.alarms.length ?? 0),
    },
    {
      key: "alarms",
      head: translate("page_alarms"),
      number: true,
      cell: ({ card }) => card?.alarms.length ?? "—",
      sortBy: ({ card }) => card?.alarms.length,
    },
    ...KINDS.map(
      (kind): Column<Row> => ({
        key: kind,
        head: term("tonight_statements", kind),
        cell: ({ card }) => <StatementCell statement={card?.statements.find((each) => each.kind === kind)} zone={card?.time_zone} />,
        sortBy: ({ card }) => TROUBLE[card?.statements.find((each) => each.kind === kind)?.level ?? "unknown"],
      }),
    ),
  ];
}

export function Level({ level }: { level: string }): JSX.Element {
  return (
    <span class="level" data-level={level}>
      {findTerm("levels", level) ?? translate("unknown")}
    </span>
  );
}

function StatementCell({ statement, zone }: { statement: Statement | undefined; zone: string | undefined }): JSX.Element {
  if (statement === undefined) return <>—</>;
  return (
    <>
      <Level level={statement.level} />
      {statement.value === null ? null : <span class="more"> {sentenceOf(statement, zone)}</span>}
    </>
  );
}
