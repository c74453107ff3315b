// The server's clock, so that a wrong clock of the browser does not make fresh values look old.

const TOLERANCE_MS = 5000;
let offsetMs = 0;

export function nowMs(): number {
  return Date.now() + offsetMs;
}

/** Set the clock by the Date header of an answer to a request that was sent at `sentMs`. */
export function setServerTime(date: string | null, sentMs: number): void {
  const serverMs = Date.parse(date ?? "");
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - (sentMs + Date.now()) / 2;
  // The header has whole seconds: small differences are not corrected.
  offsetMs = Math.abs(difference) > TOLERANCE_MS ? difference : 0;
}
