// Choices of one thing of a list: what was asked for is shown or nothing, never another thing in its place.

/** Return the thing of an id; `standing` where none was asked for; undefined where there is none of this id. */
export function chosenOf<T extends { id?: string }>(items: readonly T[], id: string | null | undefined, standing?: T): T | undefined {
  return id ? items.find((each) => each.id === id) : standing;
}

/** Return the thing of a list of one: where there are several, a person chooses. */
export function onlyOf<T>(items: readonly T[] | undefined): T | undefined {
  const [first, ...others] = items ?? [];
  return others.length === 0 ? first : undefined;
}

/** Return the newest of a list that is in order of time. */
export function newestOf<T>(items: readonly T[]): T | undefined {
  return items.at(-1);
}

/** Return the option that a select shows: what was chosen while it is offered, else its first, as a select itself does. */
export function shownOption(offered: readonly string[], chosen: string): string {
  const [first = ""] = offered;
  return offered.includes(chosen) ? chosen : first;
}
