// Rain that is forecast for today and the next days, by whole steps of the provider.

export interface RainDay {
  startMs: number;
  endMs: number;
}

/** Return the rain of days in order until one of which anything is not said: what is not known ends the list. */
export function rainUntilUnsaid(days: readonly RainDay[], sumOf: (day: RainDay) => { sum: number; unsaidMs: number }): number[] {
  const sums = days.map(sumOf);
  const first = sums.findIndex(({ unsaidMs }) => unsaidMs > 0);
  return sums.slice(0, first < 0 ? sums.length : first).map(({ sum }) => sum);
}
