// Owner of a field as a choice of a person: it is stored as the person's share of the whole field, which statements and papers go by.

import "../i18n/people";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { nowMs } from "../api/clock";
import { may } from "../api/may";
import { useApiList } from "../api/query";
import { inUse } from "../api/registry";
import { useWrite } from "../api/write";
import { translate } from "../i18n/translate";
import { SelectField, TextField } from "../ui/fields";
import type { FormValues } from "../ui/form";
import { ownersText, proposedFor } from "./humans";
import { nameWithNumber } from "./whose";

interface OwnedField {
  id?: string;
  owner?: string;
}

const CHOSEN = "owner_person";

/** Return who owns a field: the people who hold it, or else the name that was written. */
export function useOwners(): (field: OwnedField) => string {
  const { people, holdings } = usePeople();
  return (field) => ownersText(field.id ?? "", holdings, people, nowMs()) || (field.owner ?? "");
}

function usePeople() {
  const enabled = may("get", "/v1/people") && may("get", "/v1/holdings");
  const people = useApiList("/v1/people", {}, { enabled });
  const holdings = useApiList("/v1/holdings", {}, { enabled });
  return { people: people.data ?? [], holdings: holdings.data ?? [], isKnown: people.data !== undefined && holdings.data !== undefined };
}

export function OwnerField({ field }: { field: OwnedField | null }): JSX.Element | null {
  const { people, holdings, isKnown } = usePeople();
  const [accepted, setAccepted] = useState("");
  const written = field?.owner ?? "";
  // Whoever may not say whose the ground is writes a name, as before.
  if (!may("post", "/v1/holdings")) return <TextField name="owner" label={translate("people_owner")} maxLength={200} value={written} />;
  if (!isKnown) return null;
  const owners = field === null ? "" : ownersText(field.id ?? "", holdings, people, nowMs());
  if (owners !== "")
    return (
      <p class="note" data-owners>
        {translate("people_owner")}
        {translate("colon")}
        {translate("people_owner_held", { owners })}
      </p>
    );
  const proposed = written === "" ? null : proposedFor(people, written);
  return (
    <div class="stack" data-owner-choice>
      <SelectField
        key={accepted}
        name={CHOSEN}
        label={translate("people_owner")}
        hint={written === "" ? translate("people_owner_hint") : translate("people_owner_written", { name: written })}
        none={translate("people_owner_none")}
        value={accepted}
        options={inUse(people)
          .filter(({ erased }) => erased == null)
          .map((person) => ({ value: person.id ?? "", text: nameWithNumber(person) }))}
      />
      {proposed === null || accepted !== "" ? null : (
        <button type="button" class="secondary" onClick={() => setAccepted(proposed.id ?? "")}>
          {translate("people_owner_propose", { name: nameWithNumber(proposed) })}
        </button>
      )}
    </div>
  );
}

/** Return what stores the chosen owner of fields, once they are stored themselves. */
export function useOwnership(): { save: (values: FormValues, fields: readonly string[]) => Promise<boolean>; error: string | null } {
  const add = useWrite("post", "/v1/holdings", { refresh: ["/v1/holdings"] });
  const save = async (values: FormValues, fields: readonly string[]): Promise<boolean> => {
    const person = values.text(CHOSEN);
    if (person === "") return true;
    for (const field of fields) {
      if ((await add.run({ body: { person, field, kind: "ownership", parts: 1, of_parts: 1 } })) === null) return false;
    }
    return true;
  };
  return { save, error: add.error };
}
