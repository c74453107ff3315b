// The station's clock: a phone whose clock is wrong must not call a fresh value old.

let skewMs = 0;

export function nowMs(): number {
  return Date.now() + skewMs;
}

/** Learn from the Date header of an answer that was asked for at `askedMs`. */
export function noteClock(date: string | null, askedMs: number): void {
  const told = Date.parse(date ?? "");
  if (Number.isNaN(told)) return;
  const skew = told - (askedMs + Date.now()) / 2;
  // The header has whole seconds; only a clock that is plainly wrong is corrected.
  skewMs = Math.abs(skew) > 5000 ? skew : 0;
}
