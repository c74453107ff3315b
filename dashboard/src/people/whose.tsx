// Whose a sign-in or an alarm address is: proposed by name or address, confirmed by a person; or it becomes a person.

import "../i18n/people";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { inUse } from "../api/registry";
import { useWrite } from "../api/write";
import { term, translate } from "../i18n/translate";
import { Choice } from "../ui/choice";
import { ErrorText } from "../ui/error_text";
import { confirm, noteSaved } from "../ui/overlays";
import type { Human, Login, Person } from "./humans";

const NEW = "new";

export function WhoseIsIt({ human, people }: { human: Human; people: readonly Person[] }): JSX.Element {
  const [chosen, setChosen] = useState("");
  const give = useGive();
  const add = useWrite("post", "/v1/people", { refresh: ["/v1/people"] });
  const belongTo = async (person: Person): Promise<void> => {
    const [login] = human.logins;
    if (login !== undefined && narrows(login, person) && !(await confirm(questionOf(login, person)))) return;
    for (const each of human.logins) noteSaved(await give.login(each, person.id ?? null));
    for (const each of human.recipients) noteSaved(await give.recipient(each, person.id ?? null));
  };
  const apply = async (): Promise<void> => {
    const known = people.find(({ id }) => id === chosen);
    if (known !== undefined) return belongTo(known);
    // The role of a sign-in bounds it: a person made of it has one that takes nothing away.
    const [login] = human.logins;
    const role = login === undefined ? "member" : login.role === "admin" ? "manager" : "agronomist";
    const made = await add.run({ body: { name: human.name, role } });
    if (made !== null && made !== true) await belongTo(made);
  };
  return (
    <div class="buttons" data-whose={human.id}>
      {human.proposed === null ? null : (
        <button type="button" class="secondary" disabled={give.saving} onClick={() => void belongTo(human.proposed as Person)}>
          {translate("people_is_of", { name: nameWithNumber(human.proposed) })}
        </button>
      )}
      <Choice
        label={translate("people_whose")}
        value={chosen || null}
        options={[
          ...inUse(people).map((person) => ({ value: person.id ?? "", text: nameWithNumber(person) })),
          { value: NEW, text: translate("people_make_of", { name: human.name }) },
        ]}
        onChoose={setChosen}
      />
      <button type="button" class="plain" disabled={chosen === "" || give.saving || add.saving} onClick={() => void apply()}>
        {translate("people_give")}
      </button>
      <ErrorText error={give.error ?? add.error} inline />
    </div>
  );
}

/** Return what says whose a sign-in or an alarm address is; null: nobody's. */
export function useGive() {
  const login = useWrite("put", "/v1/members/{thing}", { refresh: ["/v1/members"] });
  const recipient = useWrite("put", "/v1/alarm-recipients/{thing}", {
    refresh: ["/v1/alarm-recipients", "/v1/alarm-recipients/delivery"],
  });
  return {
    login: (record: Human["logins"][number], person: string | null) =>
      login.run({ params: { path: { thing: record.id } }, body: { ...record, person }, version: record.version }),
    recipient: (record: Human["recipients"][number], person: string | null) =>
      recipient.run({ params: { path: { thing: record.id } }, body: { ...record, person }, version: record.version }),
    saving: login.saving || recipient.saving,
    allowed: login.allowed && recipient.allowed,
    error: login.error ?? recipient.error,
  };
}

/** A pilot or a member may do less than the sign-in did. */
export function narrows(login: Login, person: Person): boolean {
  return person.role === "pilot" || (person.role ?? "member") === "member" || (login.role === "admin" && person.role !== "manager");
}

export function questionOf(login: Login, person: Person) {
  return {
    title: translate("people_narrows", { name: person.name }),
    text: translate("people_narrows_text", { subject: login.subject, role: term("person_roles", person.role ?? "member") }),
    action: translate("people_give"),
  };
}

export function nameWithNumber(person: Person): string {
  return person.number ? `${person.name} · ${person.number}` : person.name;
}
