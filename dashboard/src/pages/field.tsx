// Page of the fields: all of them, or one with its passes, its plan and its outline.

import { NotFound } from "../ui/not_found";
import "../field/field.css";
import "../i18n/field";
import "../i18n/field_work";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may } from "../api/may";
import { useApi } from "../api/query";
import type { FieldRecord } from "../api/registry";
import { hrefOf } from "../app/address";
import { mountComponent, useChoice, useView } from "../app/mount";
import { tabsInView } from "../app/work_view";
import { areaText } from "../i18n/numbers";
import { translate } from "../i18n/translate";
import { AllFields, EditField } from "../field/all_fields";
import { OutlineEditor } from "../field/outline_editor";
import { PassesView } from "../passes/passes_view";
import { useOwners } from "../people/owner_field";
import { Lazy } from "../ui/lazy";
import { Loaded, Working } from "../ui/loaded";
import { Tabs } from "../ui/tabs";

export const mount = mountComponent(FieldPage);

function FieldPage(): JSX.Element {
  const id = useView().route.parts[0];
  return id === undefined ? <AllFields /> : <OneField id={id} />;
}

function OneField({ id }: { id: string }): JSX.Element {
  const field = useApi("/v1/fields/{thing}", { path: { thing: id } });
  if (field.failure?.status === 404)
    return <NotFound kind="field" id={id} back={{ href: hrefOf("field"), text: translate("page_field") }} />;
  return <Loaded state={field}>{(record) => <FieldTabs field={record} />}</Loaded>;
}

function FieldTabs({ field }: { field: FieldRecord }): JSX.Element {
  const view = useView();
  const [tab, setTab] = useChoice("tab", "passes");
  const [edited, setEdited] = useState(false);
  const ownerOf = useOwners();
  useEffect(() => view.setTitle(field.name), [view, field.name]);
  const tabs = [
    { id: "passes", title: translate("work_passes"), content: () => <PassesView field={field} /> },
    {
      id: "plan",
      title: translate("work_plan"),
      content: () => <Lazy load={async () => (await import("../plan/field_planning")).Plan} props={{ field }} />,
    },
    {
      id: "work",
      title: translate("work_book"),
      parts: [
        {
          id: "notes",
          title: translate("work_notes"),
          content: () => (
            <Lazy load={async () => (await import("../notes/subject_notes")).SubjectNotes} props={{ subject: { field: field.id } }} />
          ),
        },
        {
          id: "protection",
          title: translate("work_protection"),
          content: () => (
            <Lazy load={async () => (await import("../harvest/treatments_panel")).TreatmentsPanel} props={{ place: { field: field.id } }} />
          ),
        },
        ...(may("put", "/v1/fields/{thing}")
          ? [{ id: "outline", title: translate("work_outline"), content: () => <OutlineEditor key={field.version} field={field} /> }]
          : []),
      ],
    },
    {
      id: "results",
      title: translate("work_results"),
      parts: [
        {
          id: "yield",
          title: translate("work_yield"),
          content: () => <Lazy load={async () => (await import("../yields/yield_panel")).YieldPanel} props={{ field }} />,
        },
        {
          id: "trials",
          title: translate("work_trials"),
          content: () => <Lazy load={async () => (await import("../trials/trials_panel")).TrialsPanel} props={{ field }} />,
        },
      ],
    },
    {
      id: "sky",
      title: translate("work_sky"),
      parts: [
        {
          id: "water",
          title: translate("work_water"),
          content: () => <Lazy load={async () => (await import("../field/water_panel")).WaterPanel} props={{ field }} />,
        },
        { id: "weather", title: translate("work_weather"), content: () => <LazyWeather field={field} /> },
      ],
    },
  ];
  return (
    <>
      <div class="page-head">
        <a href={hrefOf("field")}>{translate("page_field")}</a>
        <h1>{field.name}</h1>
        <span class="note">{[areaText(field.usable_area_m2), ownerOf(field)].filter(Boolean).join(" · ")}</span>
        {may("put", "/v1/fields/{thing}") ? (
          <button type="button" class="plain" onClick={() => setEdited(true)}>
            {translate("edit")}
          </button>
        ) : null}
      </div>
      <Tabs name={field.name} tabs={tabsInView("one-field", tabs, tab)} open={tab} onOpen={setTab} />
      {edited ? <EditField field={field} onClose={() => setEdited(false)} onDeleted={() => (location.hash = hrefOf("field"))} /> : null}
    </>
  );
}

/** The weather of the field is loaded when it is opened. */
function LazyWeather({ field }: { field: FieldRecord }): JSX.Element {
  const [panels, setPanels] = useState<typeof import("../weather/field_weather") | null>(null);
  useEffect(() => {
    void import("../weather/field_weather").then(setPanels);
  }, []);
  return panels === null ? <Working /> : <panels.FieldWeather field={field.id} site={field.site} />;
}
