// What the signed-in person or key is permitted, as the station says it: forms, tabs and pages are displayed to no others.

import { currentSession } from "./session";
import type { Method, PathOf } from "./query";

/** Return whether an operation of the API is permitted. Where the station requires no sign-in all are. */
export function may<M extends Method>(method: M, path: PathOf<M>): boolean {
  const session = currentSession();
  return session === null || (session.may[path]?.includes(method.toUpperCase()) ?? false);
}
