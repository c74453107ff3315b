// Humans of the farm, one each: the people of the registry with what they are here, and sign-ins and alarm addresses of nobody yet.
// Nothing is joined by a name: a name or an address only proposes whose it may be, and a person confirms it.

import type { ListItem } from "../api/client";

export type Person = ListItem<"/v1/people">;
export type Holding = ListItem<"/v1/holdings">;
export type Login = ListItem<"/v1/members">;
export type Recipient = ListItem<"/v1/alarm-recipients">;
export type Key = ListItem<"/v1/keys">;

export interface Records {
  people: readonly Person[];
  holdings: readonly Holding[];
  logins: readonly Login[];
  recipients: readonly Recipient[];
  keys: readonly Key[];
}

export interface Human {
  /** The id of the record that the line is of. */
  id: string;
  name: string;
  /** Null: a sign-in or an address that is nobody's yet. */
  person: Person | null;
  shares: Holding[];
  logins: Login[];
  recipients: Recipient[];
  keys: Key[];
  /** The person whose it may be, by name or address; for somebody to confirm. */
  proposed: Person | null;
}

export function humansOf({ people, holdings, logins, recipients, keys }: Records): Human[] {
  const known = new Set(people.map(({ id }) => id));
  const of = <Item extends { person?: string | null }>(items: readonly Item[], id: string | undefined): Item[] =>
    items.filter(({ person }) => person === id);
  const nobodys = ({ person }: { person?: string | null }): boolean => person == null || !known.has(person);
  return [
    ...people.map((person) => ({
      id: person.id ?? "",
      name: person.name,
      person,
      shares: of(holdings, person.id),
      logins: of(logins, person.id),
      recipients: of(recipients, person.id),
      keys: of(keys, person.id),
      proposed: null,
    })),
    ...logins.filter(nobodys).map((login) => ({
      ...NOTHING,
      id: login.id,
      name: login.name,
      logins: [login],
      proposed: proposedFor(people, login.name, login.subject),
    })),
    ...recipients
      .filter((recipient) => nobodys(recipient) && isOfOne(recipient))
      .map((recipient) => ({
        ...NOTHING,
        id: recipient.id,
        name: recipient.name,
        recipients: [recipient],
        proposed: proposedFor(people, recipient.name, recipient.address),
      })),
  ];
}

const NOTHING = { person: null, shares: [], logins: [], recipients: [], keys: [] };

/** A mailbox or a browser is read by one human; a broker by machines, a posted-to address by a group or a machine. */
export function isOfOne({ kind }: Recipient): boolean {
  return kind === "email" || kind === "push";
}

/** Return the only person who is called so, or has this address as a contact; null where it is none, or several. */
export function proposedFor(people: readonly Person[], name: string, address = ""): Person | null {
  const same = (left: string, right: string): boolean => left !== "" && left.trim().toLowerCase() === right.trim().toLowerCase();
  const found = people.filter(
    (person) =>
      person.active !== false &&
      person.erased == null &&
      (same(person.name, name) || (person.contacts ?? []).some((contact) => same(contact.address, address))),
  );
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** Return who owns a field now, the largest share first, as papers name them; "" where nobody holds a share of it. */
export function ownersText(field: string, holdings: readonly Holding[], people: readonly Person[], atMs: number): string {
  const held = holdings.filter(
    ({ field: of, kind, start_ms, end_ms }) =>
      of === field && kind === "ownership" && (start_ms ?? 0) <= atMs && atMs < (end_ms ?? Number.POSITIVE_INFINITY),
  );
  const name = (id: string): string => people.find((person) => person.id === id)?.name ?? "—";
  return held
    .map((share) => ({ text: name(share.person), parts: share.parts ?? 1, of: share.of_parts ?? 1 }))
    .sort((left, right) => right.parts / right.of - left.parts / left.of || left.text.localeCompare(right.text))
    .map(({ text, parts, of }) => (parts === of ? text : `${text} ${parts}/${of}`))
    .join(", ");
}
