// Keys of requests that may be sent again.

/** Return a new key under which the API carries out a request once, however often it is sent. */
export function newKey(): string {
  // Without TLS a browser has no randomUUID.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
