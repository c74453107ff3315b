// All fields: their list, with fields on the same ground, renaming and deleting; drawing, importing, products and implements.

import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { OwnerField, useOwnership } from "../people/owner_field";
import { useState } from "preact/hooks";
import { may } from "../api/may";
import { useApi, useApiList } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { useWrite } from "../api/write";
import { hrefOfThing } from "../app/address";
import { useChoice } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { siteText } from "../i18n/device_names";
import { areaText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { DeleteRecord } from "../ui/delete_record";
import { Dialog } from "../ui/dialog";
import { Empty } from "../ui/empty";
import { SelectField, TextField } from "../ui/fields";
import { Form } from "../ui/form";
import { Loaded } from "../ui/loaded";
import { noteSaved, showToast } from "../ui/overlays";
import { Table } from "../ui/table";
import { Tabs } from "../ui/tabs";
import { ImportFields } from "./import_fields";
import { Implements, Products } from "./inputs";
import { OutlineEditor } from "./outline_editor";

export function AllFields(): JSX.Element {
  const [tab, setTab] = useChoice("tab", "list");
  const tabs = [
    { id: "list", title: translate("work_fields"), content: () => <FieldList onOpen={setTab} /> },
    ...(may("post", "/v1/fields")
      ? [
          {
            id: "add",
            title: translate("work_add"),
            parts: [
              { id: "draw", title: translate("work_draw"), content: () => <OutlineEditor field={null} /> },
              { id: "import", title: translate("work_import"), content: () => <ImportFields /> },
            ],
          },
          {
            id: "inputs",
            title: translate("work_inputs"),
            content: () => (
              <>
                <Products />
                <Implements />
              </>
            ),
          },
        ]
      : []),
  ];
  return (
    <>
      <h1>{translate("page_field")}</h1>
      <Tabs name={translate("page_field")} tabs={tabsInView("field", tabs, tab)} open={tab} onOpen={setTab} />
    </>
  );
}

function FieldList({ onOpen }: { onOpen: (tab: string) => void }): JSX.Element {
  const fields = useApiList("/v1/fields", {});
  const [edited, setEdited] = useState<FieldRecord | null>(null);
  const editable = may("put", "/v1/fields/{thing}");
  return (
    <section class="card" data-panel="fields">
      <SharedGround />
      <Loaded state={fields}>
        {(list) =>
          list.length === 0 ? (
            <Empty text={translate("field_none")}>
              {editable ? (
                <div class="buttons">
                  <button type="button" class="primary" onClick={() => onOpen("draw")}>
                    {translate("work_draw")}
                  </button>
                  <button type="button" class="secondary" onClick={() => onOpen("import")}>
                    {translate("work_import")}
                  </button>
                </div>
              ) : null}
            </Empty>
          ) : (
            <Table
              name={translate("page_field")}
              rows={list}
              keyOf={({ id }) => id}
              sorted={{ key: "name" }}
              searchIn={({ name, owner }) => `${name} ${owner}`}
              columns={[
                {
                  key: "name",
                  head: translate("field_name"),
                  sortBy: ({ name }) => name,
                  cell: ({ id, name }) => <a href={hrefOfThing({ kind: "field", id })}>{name}</a>,
                },
                {
                  key: "area",
                  head: translate("field_usable_area"),
                  number: true,
                  sortBy: ({ usable_area_m2 }) => usable_area_m2,
                  cell: ({ usable_area_m2 }) => areaText(usable_area_m2),
                },
                { key: "owner", head: translate("field_owner"), sortBy: ({ owner }) => owner || null, cell: ({ owner }) => owner || "—" },
                ...(editable
                  ? [
                      {
                        key: "edit",
                        head: "",
                        cell: (field: FieldRecord) => (
                          <button
                            type="button"
                            class="plain"
                            aria-label={`${translate("edit")}: ${field.name}`}
                            onClick={() => setEdited(field)}
                          >
                            {translate("edit")}
                          </button>
                        ),
                      },
                    ]
                  : []),
              ]}
            />
          )
        }
      </Loaded>
      {edited === null ? null : <EditField key={edited.id} field={edited} onClose={() => setEdited(null)} />}
    </section>
  );
}

function SharedGround(): JSX.Element | null {
  const shared = useApi("/v1/fields/shared-ground", {});
  const pairs = shared.data?.items ?? [];
  if (pairs.length === 0) return null;
  return (
    <ul class="errors" role="status" data-panel="shared-ground">
      {pairs.slice(0, 10).map(({ field, name, other, other_name, area_m2 }) => (
        <li key={`${field}-${other}`}>{translate("work_shared_ground", { name, other: other_name, area: areaText(area_m2) })}</li>
      ))}
    </ul>
  );
}

/** Form for the name, owner and site of a field, and its deletion. */
export function EditField({ field, onClose, onDeleted }: { field: FieldRecord; onClose: () => void; onDeleted?: () => void }): JSX.Element {
  const sites = useApiList("/v1/sites", {});
  const refresh = ["/v1/fields", "/v1/fields/{thing}", "/v1/fields/shared-ground"] as const;
  const change = useWrite("put", "/v1/fields/{thing}", { refresh });
  const owned = useOwnership();
  return (
    <Dialog title={field.name} onClose={onClose}>
      <Form
        name="field_facts"
        submit={translate("save")}
        write={change}
        onCancel={onClose}
        onSubmit={async (values) => {
          const owner = values.text("owner") || field.owner;
          const body = { ...field, name: values.text("name"), owner, site: values.text("site") || null };
          if (!noteSaved(await change.run({ params: { path: { thing: field.id } }, version: field.version, body }))) return false;
          if (!(await owned.save(values, [field.id]))) return null;
          onClose();
          return true;
        }}
      >
        <TextField name="name" label={translate("work_name")} required maxLength={200} value={field.name} />
        <OwnerField field={field} />
        <SelectField
          key={`site-${sites.data?.length ?? 0}`}
          name="site"
          label={translate("work_site")}
          none={translate("work_no_site")}
          value={field.site}
          options={(sites.data ?? [])
            .filter(({ id, active }) => active !== false || id === field.site)
            .map(({ id, name }) => ({ value: id, text: siteText(name) }))}
        />
      </Form>
      <DeleteRecord
        list="/v1/fields"
        record={field}
        danger
        title={translate("delete")}
        about={translate("work_delete_field", { name: field.name })}
        refresh={refresh}
        onDeleted={() => {
          showToast(translate("work_deleted"));
          onClose();
          onDeleted?.();
        }}
      />
    </Dialog>
  );
}
