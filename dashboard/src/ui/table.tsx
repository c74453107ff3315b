// Table of records: sorted by any column, searched, and in pages, so that 200 rows are as readable as five. Paper has all rows.

import "./table.css";
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { collator } from "../i18n/formatters";
import { numberText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { printing } from "./printing";
import { useUniqueId } from "./unique_id";

export interface Column<Row> {
  key: string;
  head: string;
  cell: (row: Row) => ComponentChildren;
  /** What rows are sorted by; without it the column cannot be sorted. A missing value is last. */
  sortBy?: (row: Row) => number | string | null | undefined;
  /** Right-aligned. */
  number?: boolean;
}

export interface TableProps<Row> {
  /** What the table is of, for a screen reader. */
  name: string;
  rows: readonly Row[];
  /** The first column heads its row. */
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => string;
  /** The text that the search looks in; without it there is no search. */
  searchIn?: (row: Row) => string;
  /** Rows from which on there is a search; otherwise where they do not fit on a page. */
  searchFrom?: number;
  /** The order at first, such as the greatest trouble first. */
  sorted?: { key: string; descending?: boolean };
  pageSize?: number;
  /** Displayed where there are no rows. */
  empty?: ComponentChildren;
  /** On a phone a row of more than three columns is a block, unless the columns are to be compared. */
  scrolls?: boolean;
  /** Attributes of a row, such as `{"data-house": id}`. */
  rowAttributes?: (row: Row) => Record<string, string>;
}

const PAGE_SIZE = 25;

export function Table<Row>({
  name,
  rows,
  columns,
  keyOf,
  searchIn,
  sorted,
  pageSize = PAGE_SIZE,
  searchFrom = pageSize + 1,
  empty,
  scrolls = false,
  rowAttributes,
}: TableProps<Row>): JSX.Element {
  const [order, setOrder] = useState<{ key: string; descending: boolean } | null>(
    sorted ? { key: sorted.key, descending: sorted.descending ?? false } : null,
  );
  const [wanted, setWanted] = useState("");
  const [page, setPage] = useState(0);
  const searchId = useUniqueId();
  if (rows.length === 0) return <>{empty ?? <p class="note">{translate("list_empty")}</p>}</>;

  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const found =
    searchIn && words.length > 0 ? rows.filter((row) => words.every((word) => searchIn(row).toLowerCase().includes(word))) : rows;
  const column = columns.find(({ key }) => key === order?.key);
  const inOrder = column?.sortBy && order ? sortRows(found, column.sortBy, order.descending) : found;
  const pages = Math.max(1, Math.ceil(inOrder.length / pageSize));
  const shown = Math.min(page, pages - 1);
  const visible = printing.value ? inOrder : inOrder.slice(shown * pageSize, (shown + 1) * pageSize);
  const sortByColumn = (key: string): void => {
    setOrder({ key, descending: order?.key === key ? !order.descending : false });
    setPage(0);
  };

  return (
    <div class="table">
      {searchIn && rows.length >= searchFrom ? (
        <div class="labelled">
          <label for={searchId}>{translate("search")}</label>
          <input
            id={searchId}
            type="search"
            value={wanted}
            onInput={(event) => {
              setWanted(event.currentTarget.value);
              setPage(0);
            }}
          />
        </div>
      ) : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys. */}
      <section class="scroll" tabIndex={0} aria-label={name}>
        <table
          class={[columns.length > 4 ? "wide" : "", columns.length > 3 && !scrolls ? "stacked" : ""].filter(Boolean).join(" ") || undefined}
        >
          <caption class="hidden">{name}</caption>
          <thead>
            <tr>
              {columns.map(({ key, head, sortBy, number }) => {
                const direction = order?.key === key ? (order.descending ? "descending" : "ascending") : undefined;
                if (head === "") return <td key={key} />;
                return (
                  <th key={key} scope="col" class={number ? "number" : undefined} {...(direction ? { "aria-sort": direction } : {})}>
                    {sortBy ? (
                      <button type="button" class="sort" title={translate("sort_by", { name: head })} onClick={() => sortByColumn(key)}>
                        {head}
                        <span aria-hidden="true">{direction === undefined ? "" : direction === "ascending" ? " ↑" : " ↓"}</span>
                      </button>
                    ) : (
                      head
                    )}
                  </th>
                );
              })}
            </tr>
          </thead>
          <tbody>
            {visible.map((row) => (
              <tr key={keyOf(row)} {...rowAttributes?.(row)}>
                {columns.map(({ key, head, cell, number }, index) =>
                  index === 0 ? (
                    <th key={key} scope="row">
                      {cell(row)}
                    </th>
                  ) : (
                    <td key={key} class={number ? "number" : undefined} data-head={head}>
                      {cell(row)}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {found.length === 0 ? <p class="note">{translate("search_none")}</p> : null}
      {printing.value && found.length < rows.length ? (
        <p class="note">
          {translate("print_found", { words: wanted, found: numberText(found.length, 0), count: numberText(rows.length, 0) })}
        </p>
      ) : null}
      {rows.length > pageSize && !printing.value ? (
        <nav class="paging" aria-label={name}>
          <button type="button" class="secondary" disabled={shown === 0} onClick={() => setPage(shown - 1)}>
            {translate("previous_page")}
          </button>
          <span class="note" role="status">
            {translate("rows_shown", {
              from: numberText(Math.min(inOrder.length, shown * pageSize + 1), 0),
              to: numberText(shown * pageSize + visible.length, 0),
              count: numberText(inOrder.length, 0),
            })}
          </span>
          <button type="button" class="secondary" disabled={shown >= pages - 1} onClick={() => setPage(shown + 1)}>
            {translate("next_page")}
          </button>
        </nav>
      ) : null}
    </div>
  );
}

function sortRows<Row>(rows: readonly Row[], sortKeyOf: NonNullable<Column<Row>["sortBy"]>, descending: boolean): Row[] {
  const { compare } = collator();
  const sign = descending ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [sortKeyOf(one) ?? null, sortKeyOf(other) ?? null];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    return sign * (typeof a === "number" && typeof b === "number" ? a - b : compare(String(a), String(b)));
  });
}
