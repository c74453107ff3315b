// Recall: the lots that hold something of a lot or of what happened to a crop, page by page, and all of them as a file.

import "../i18n/harvest";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useApi, type ApiState } from "../api/query";
import type { Body } from "../api/client";
import { hrefOfThing } from "../app/address";
import { FileButton } from "../components/file_button";
import { dateText } from "../i18n/instants";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { Loaded } from "../ui/loaded";
import { Table } from "../ui/table";
import { IntervalMark } from "./interval_mark";
import { massText, type Happening, type LotItem } from "./records";

type Recalled = Body<"/v1/lots/holding">;
type Turn = (cursor: string | null) => void;
const ROWS = 25;

/** The lots that hold something of a crop to which something happened. */
export function RecallOf({ kind, id }: { kind: Happening["kind"]; id: string }): JSX.Element {
  const [cursor, turn] = useState<string | null>(null);
  const query = { kind: kind as "pass", id };
  const state = useApi("/v1/lots/holding", { query: { ...query, limit: ROWS, ...(cursor ? { cursor } : {}) } }, { keep: true });
  return <RecalledLots state={state} onTurn={turn} path="/v1/lots/holding" query={query} />;
}

/** The lots that hold something of a lot. */
export function MadeOf({ lot }: { lot: string }): JSX.Element {
  const [cursor, turn] = useState<string | null>(null);
  const params = { path: { thing: lot }, query: { limit: ROWS, ...(cursor ? { cursor } : {}) } };
  const state = useApi("/v1/lots/{thing}/descendants", params, { keep: true });
  return <RecalledLots state={state} onTurn={turn} path={`/v1/lots/${lot}/descendants`} query={{}} />;
}

function productCell({ product, interval_state }: LotItem): JSX.Element {
  return (
    <>
      {product}
      <IntervalMark state={interval_state} />
    </>
  );
}

interface RecalledProps {
  state: ApiState<Recalled>;
  onTurn: Turn;
  path: string;
  query: Record<string, string>;
}

function RecalledLots({ state, onTurn, path, query }: RecalledProps): JSX.Element {
  /** The cursors of the pages that are before this one. */
  const [before, setBefore] = useState<(string | null)[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const open = (place: string | null, passed: (string | null)[]): void => {
    setBefore(passed);
    setCursor(place);
    onTurn(place);
  };
  return (
    <Loaded state={state}>
      {({ count, items, next }) => (
        <div class="stack" data-recalled={count}>
          <p role="status">{translate("harvest_recalled", { count: numberText(count, 0) })}</p>
          {count === 0 ? null : (
            <>
              <FileButton
                text={translate("harvest_recall_file")}
                path={path}
                name="recalled-lots.csv"
                options={{ query: { ...query, format: "csv" } }}
              />
              <Table<LotItem>
                name={translate("harvest_recall_lots")}
                rows={items}
                keyOf={({ id }) => id}
                pageSize={ROWS}
                columns={[
                  {
                    key: "code",
                    head: translate("harvest_lot"),
                    cell: ({ id, code }) => <a href={hrefOfThing({ kind: "lot", id })}>{code}</a>,
                  },
                  { key: "product", head: translate("harvest_product"), cell: productCell },
                  { key: "left", head: translate("harvest_left"), cell: ({ remaining_g }) => massText(remaining_g), number: true },
                  { key: "made", head: translate("harvest_made"), cell: ({ grams }) => massText(grams), number: true },
                  { key: "when", head: translate("harvest_when"), cell: ({ time_ms }) => dateText(time_ms) },
                ]}
              />
              {before.length === 0 && next === null ? null : (
                <nav class="paging" aria-label={translate("harvest_recall_lots")}>
                  <button
                    type="button"
                    class="secondary"
                    disabled={before.length === 0}
                    onClick={() => open(before.at(-1) ?? null, before.slice(0, -1))}
                  >
                    {translate("previous_page")}
                  </button>
                  <span class="note" role="status">
                    {translate("rows_shown", {
                      from: numberText(before.length * ROWS + 1, 0),
                      to: numberText(before.length * ROWS + items.length, 0),
                      count: numberText(count, 0),
                    })}
                  </span>
                  <button
                    type="button"
                    class="secondary"
                    disabled={next === null || state.busy}
                    onClick={() => open(next, [...before, cursor])}
                  >
                    {translate("next_page")}
                  </button>
                </nav>
              )}
            </>
          )}
        </div>
      )}
    </Loaded>
  );
}
