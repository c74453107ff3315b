// Two houses, or two times of one, over one axis.

export interface Columns {
  timeMs: readonly number[];
  columns: readonly (readonly (number | null)[])[];
}

/** Put both over the union of their times, the second moved by `moveMs`; a line is null where it has no sample. */
export function merge(one: Columns, other: Columns, moveMs: number): { timeMs: number[]; columns: (number | null)[][] } {
  const moved = other.timeMs.map((at) => at + moveMs);
  const timeMs = [...new Set([...one.timeMs, ...moved])].sort((a, b) => a - b);
  const rowOf = new Map(timeMs.map((at, row) => [at, row]));
  const spread = (times: readonly number[], column: readonly (number | null)[]): (number | null)[] => {
    const made: (number | null)[] = new Array<number | null>(timeMs.length).fill(null);
    for (const [index, at] of times.entries()) made[rowOf.get(at) as number] = column[index] ?? null;
    return made;
  };
  return { timeMs, columns: [...one.columns.map((column) => spread(one.timeMs, column)), ...other.columns.map((column) => spread(moved, column))] };
}
