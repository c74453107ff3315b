// Passes of a field: their list, the verdict on the open one, its map with the evidence, and the panels about it.

import "../i18n/field";
import "../i18n/field_pass";
import "../i18n/field_work";
import "./passes.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { may } from "../api/may";
import type { FieldRecord } from "../api/registry";
import { hrefOfThing } from "../app/address";
import { useView } from "../app/mount";
import { FileButton } from "../components/file_button";
import { ReportLinks } from "../components/report_links";
import { DeclarePass } from "../field/declare_pass";
import type { PassItem, Region } from "../field/records";
import { term, translate } from "../i18n/translate";
import { DomNode } from "../ui/dom_node";
import { NotFound } from "../ui/not_found";
import { Ledger } from "./ledger_panel";
import { Layers, MapSettingsForm } from "./map_settings";
import { Nutrients } from "./nutrients_panel";
import { Folded } from "./parts";
import { PassList } from "./pass_list";
import { PassPage, pathOf, type Drawing } from "./pass_page";
import { AgainstPlan, Amounts } from "./pass_panels";
import { PassVerdict } from "./pass_verdict";
import { Settlement } from "./settlement_panel";

const FILE_FORMATS = [
  ["geojson", "geojson"],
  ["csv", "csv"],
  ["png", "png"],
  ["geotiff", "tif"],
  ["isoxml", "zip"],
  ["isoxml_log", "zip"],
] as const;

export function PassesView({ field }: { field: FieldRecord }): JSX.Element | null {
  const view = useView();
  const [page, setPage] = useState<PassPage | null>(null);
  useEffect(() => {
    const made = new PassPage(field, view);
    setPage(made);
    void made.start();
    return () => made.close();
  }, [field.id, field.version, view]);
  return page === null ? null : <Passes key={page.field.version} page={page} />;
}

function Passes({ page }: { page: PassPage }): JSX.Element {
  const [passes, open, missing] = [page.passes.value, page.open.value, page.missing.value];
  const answers = page.answers.value;
  const showRegion = (region: Region): void => page.showEvidence(region.longitude_deg, region.latitude_deg, true);
  const hasReplay = open !== null && missing === null;
  return (
    <div class="field" data-drawn={page.drawn.value}>
      {answers?.verdict ? <PassVerdict verdict={answers.verdict} field={page.field.id} /> : null}
      {passes === null ? null : (
        <PassList
          field={page.field.id}
          passes={passes}
          harvests={page.harvests.value}
          open={missing === null ? (open?.id ?? null) : null}
          settings={page.settings()}
          drawn={answers === null ? "" : page.drawn.value}
          onOpen={(pass) => void page.openPass(pass)}
        />
      )}
      <PassHead page={page} />
      <DomNode node={page.progress.element} />
      <p class="note" role="status">
        {page.note.value}
      </p>
      {missing === null ? null : (
        <NotFound
          kind="pass"
          id={missing}
          back={{ href: hrefOfThing({ kind: "field", id: page.field.id }), text: translate("field_newest_pass") }}
        />
      )}
      <div class="field-layout">
        <div class="field-left">
          <Layers page={page} />
          <DomNode node={page.map.element} />
          <MapSettingsForm page={page} />
          <div hidden={!hasReplay}>
            <DomNode node={page.replay.element} />
          </div>
        </div>
        <DomNode node={page.evidence.element} class="evidence-place" />
      </div>
      <div class="panels">
        {answers === null ? null : (
          <>
            <Amounts applied={answers.applied} />
            {answers.deviation === null ? null : <AgainstPlan deviation={answers.deviation} onShow={showRegion} />}
          </>
        )}
        <RecordPanels page={page} />
      </div>
    </div>
  );
}

/** What the open pass is, and the way to register it. */
function PassHead({ page }: { page: PassPage }): JSX.Element {
  const [declaring, setDeclaring] = useState(false);
  const pass = page.open.value;
  const unregistered = pass?.declared === false && pass.state !== "flying" ? pass : null;
  return (
    <>
      <div class="choices-row">
        <span class="note">{pass === null ? "" : marksOf(pass)}</span>
        {may("post", "/v1/passes") ? (
          <button type="button" class="secondary" data-act="declare" onClick={() => setDeclaring(true)}>
            {translate(unregistered === null ? "work_declare_new" : "work_declare")}
          </button>
        ) : null}
      </div>
      {declaring ? (
        <DeclarePass
          field={page.field.id}
          pass={unregistered}
          settings={page.settings()}
          onClose={() => setDeclaring(false)}
          onDeclared={async (id) => {
            await page.openDeclared(id);
            setDeclaring(false);
          }}
        />
      ) : null}
    </>
  );
}

function marksOf(pass: PassItem): string {
  return [
    translate(pass.declared ? "field_declared_pass" : "field_detected_pass"),
    term("pass_states", pass.state),
    pass.evidence ? term("evidence", pass.evidence) : "",
    pass.simulated ? translate("simulated") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

/** Settlement, nutrients, ledger and files; without a pass those of the field. */
function RecordPanels({ page }: { page: PassPage }): JSX.Element | null {
  const drawing = page.drawing.value;
  const [passes, field] = [page.passes.value, page.field.id];
  if (drawing === null && (passes === null || passes.length > 0)) return null;
  // What a pass under way applied is not recorded, and not settled, before its end.
  const ended = drawing === null || drawing.pass.state === "flying" ? null : drawing.pass;
  return (
    <div class="panels" key={drawing?.number ?? 0}>
      {ended === null || drawing === null ? null : (
        <Folded title={translate("field_settlement")} panel="settlement">
          {(onFail) => <Settlement pass={ended.id} settings={drawing.settings} onFail={onFail} />}
        </Folded>
      )}
      <Folded title={translate("field_nutrients")} panel="nutrients">
        {(onFail) => <Nutrients field={field} swathM={() => page.form.value.entered.swath_m} onFail={onFail} />}
      </Folded>
      <Folded title={translate("field_ledger")} panel="ledger">
        {(onFail) => <Ledger field={field} pass={ended?.id ?? null} settings={() => page.settings()} onFail={onFail} />}
      </Folded>
      {drawing === null ? null : (
        <Folded title={translate("field_files")} panel="files">
          {() => <Files drawing={drawing} implement={page.form.value.implement} />}
        </Folded>
      )}
    </div>
  );
}

function Files({ drawing, implement }: { drawing: Drawing; implement: string }): JSX.Element {
  // Of what was drawn when the fold was opened.
  const [{ pass, settings }] = useState(drawing);
  const path = pathOf(pass);
  const { prescription, planned_rate_ha: rate, ...appliedQuery } = settings;
  const plan = rate !== undefined ? { planned_rate_ha: rate } : prescription !== undefined ? { prescription } : {};
  const resumeQuery = { swath_m: settings.swath_m, ...plan, ...(implement === "" ? {} : { implement }) };
  return (
    <>
      {FILE_FORMATS.map(([format, extension]) => (
        <FileButton
          key={format}
          text={translate(`field_file_${format}`)}
          path={`${path}/as-applied`}
          name={`as-applied-${pass.start_ms}.${extension}`}
          options={{ query: { ...appliedQuery, format } }}
        />
      ))}
      <FileButton
        text={translate("field_file_resume")}
        path={`${path}/resume.plan`}
        name={`resume-${pass.start_ms}.plan`}
        options={{ query: resumeQuery }}
      />
      <ReportLinks path={`${path}/report`} name={`pass-${pass.start_ms}`} query={{ ...settings }} />
    </>
  );
}
