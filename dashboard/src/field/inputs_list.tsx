// List of what is used on a field, with the form that adds to it.

import "../i18n/field_work";
import type { ComponentChildren, JSX } from "preact";
import type { ApiState } from "../api/query";
import { translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { TextField } from "../ui/fields";
import { Form, type FormProps } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved, showToast } from "../ui/overlays";
import { Table, type Column, type TableProps } from "../ui/table";

interface Input {
  id?: string;
  name: string;
  version?: number;
}

interface InputsListProps<Row> extends Pick<TableProps<Row>, "name" | "sorted"> {
  panel: string;
  list: "/v1/implements" | "/v1/products" | "/v1/seasons";
  state: ApiState<Row[]>;
  columns: readonly Column<Row>[];
  children: ComponentChildren;
}

export function InputsList<Row extends Input>({ panel, list, state, columns, children, ...table }: InputsListProps<Row>): JSX.Element {
  const named: Column<Row> = { key: "name", head: translate("work_name"), cell: ({ name }) => name };
  if (table.sorted !== undefined) named.sortBy = ({ name }) => name;
  return (
    <section class="card" data-panel={panel}>
      <h2>{table.name}</h2>
      <Loaded state={state}>
        {(rows) => (
          <Table
            {...table}
            rows={rows}
            keyOf={({ id }) => id ?? ""}
            columns={[named, ...columns, { key: "delete", head: "", cell: (row) => <DeleteInput list={list} record={row} /> }]}
          />
        )}
      </Loaded>
      {children}
    </section>
  );
}

interface AddInputProps extends Pick<FormProps, "name" | "children" | "write"> {
  text: string;
  add: (...values: Parameters<FormProps["onSubmit"]>) => Promise<unknown>;
}

/** Folded form that adds a record with a name. */
export function AddInput({ name, text, write, add, children }: AddInputProps): JSX.Element {
  return (
    <details>
      <summary>{text}</summary>
      <Form name={name} submit={text} {...(write && { write })} onSubmit={async (values) => noteSaved(await add(values))}>
        <div class="choices-row">
          <TextField name="name" label={translate("work_name")} required maxLength={200} />
          {children}
        </div>
      </Form>
    </details>
  );
}

export function DeleteInput({ list, record }: { list: InputsListProps<Input>["list"] | "/v1/prescriptions"; record: Input }): JSX.Element {
  return (
    <DeleteRecord
      list={list}
      record={record}
      label={`${translate("delete")}: ${record.name}`}
      title={translate("delete")}
      about={translate("work_delete_record", { name: record.name })}
      onDeleted={() => showToast(translate("work_deleted"))}
    />
  );
}
