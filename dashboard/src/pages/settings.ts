// Page of the settings: this browser, crops of greenhouse zones, alarm recipients, API keys and members.

import "../i18n/greenhouse";
import "../i18n/settings";
import { nowMs } from "../api/clock";
import { request, requestAll, ApiError, errorText } from "../api/request";
import { currentSession } from "../api/session";
import type { Mount, View } from "../app/view";
import { make, type Child } from "../components/dom";
import { labelled, scrollTable } from "../components/parts";
import { Progress } from "../components/progress";
import { ageText, dateText, timeZoneNote } from "../i18n/instants";
import { setAreaUnit, setLanguage, currentAreaUnit, currentLanguage, type AreaUnit, type Language } from "../i18n/preferences";
import { findTerm, idOfTerm, term, translate } from "../i18n/translate";

const DAY_MS = 86_400_000;
const CROPS = ["tomato", "cucumber", "lettuce", "strawberry"];
const SCOPES = ["read", "write", "admin"] as const;

interface VersionedRecord {
  id: string;
  version: number;
  name: string;
}

interface Zone extends VersionedRecord {
  greenhouse: string;
  area_m2: number | null;
  crop: string;
  stage: string;
}

interface Recipient extends VersionedRecord {
  kind: "webhook" | "email" | "mqtt";
  address: string;
  language: "en" | "zh-CN";
  least_severity: "info" | "warning" | "critical";
  enabled: boolean;
}

interface Member extends VersionedRecord {
  subject: string;
  role: string;
}

interface Key {
  id: string;
  name: string;
  scope: string;
  prefix: string;
  created_ms: number;
  expires_ms: number | null;
  last_used_ms: number | null;
}

export const mount: Mount = (place, view) => {
  const session = currentSession();
  const scope = session?.scope ?? "admin";
  place.append(
    make(
      "div",
      { class: "page settings" },
      make("h1", {}, translate("page_settings")),
      browserCard(),
      new Section(view, "zones", translate("settings_crops"), translate("settings_crops_about"), (section) =>
        drawZones(section, scope !== "read"),
      ).element,
      new Section(view, "recipients", translate("settings_recipients"), translate("settings_recipients_about"), (section) =>
        drawRecipients(section, scope === "admin"),
      ).element,
      ...(scope === "admin"
        ? [
            new Section(view, "keys", translate("settings_keys"), translate("settings_keys_about"), drawKeys).element,
            new Section(view, "members", translate("settings_members"), translate("settings_members_about"), drawMembers).element,
          ]
        : [make("p", { class: "note" }, translate("settings_admin_only"))]),
    ),
  );
};

function browserCard(): HTMLElement {
  const languages: [Language, string][] = [
    ["en", "English"],
    ["zh-CN", "简体中文"],
  ];
  const areas: [AreaUnit, string][] = [
    ["ha", translate("per_ha")],
    ["mu", translate("per_mu")],
  ];
  const session = currentSession();
  const radios = <T extends string>(
    legend: string,
    name: string,
    options: [T, string][],
    selected: T,
    select: (value: T) => void,
  ): HTMLElement =>
    make(
      "fieldset",
      { class: "choices-row layers" },
      make("legend", {}, legend),
      ...options.map(([value, text]) =>
        make("label", {}, make("input", { type: "radio", name, value, checked: value === selected, onchange: () => select(value) }), text),
      ),
    );
  return make(
    "section",
    { class: "card", "data-panel": "browser" },
    make("h2", {}, translate("settings_browser")),
    radios(translate("language"), "language", languages, currentLanguage(), setLanguage),
    radios(translate("area_unit"), "area", areas, currentAreaUnit(), setAreaUnit),
    make("p", { class: "note" }, timeZoneNote()),
    session
      ? make(
          "p",
          { class: "note" },
          translate("signed_in_as", {
            organisation: session.organisation.name || session.organisation.handle,
            scope: term("scopes", session.scope),
          }),
        )
      : null,
  );
}

/** A card of the page that loads its content, and again after each change. */
class Section {
  readonly element: HTMLElement;
  readonly place = make("div", { class: "stack" });
  readonly progress = new Progress();

  constructor(
    readonly view: View,
    panel: string,
    title: string,
    about: string,
    readonly draw: (section: Section) => Promise<Child[]>,
  ) {
    this.element = make(
      "section",
      { class: "card", "data-panel": panel },
      make("h2", {}, title),
      make("p", { class: "note" }, about),
      this.place,
      this.progress.element,
    );
    void this.load();
  }

  async load(): Promise<void> {
    try {
      this.place.replaceChildren(make("div", { class: "stack" }, ...(await this.draw(this))));
    } catch (error) {
      const text = errorText(error);
      if (text !== null)
        this.place.replaceChildren(
          make("p", { class: "error" }, error instanceof ApiError && error.status === 404 ? translate("settings_no_registry") : text),
        );
    }
  }

  /** Make a change, display its error, and load the content again. */
  async change(task: () => Promise<unknown>): Promise<boolean> {
    const done = await this.progress.run(async () => {
      await task();
      return true;
    }, translate("settings_saved"));
    if (done) await this.load();
    return done === true;
  }
}

async function drawZones(section: Section, editable: boolean): Promise<Child[]> {
  const { signal } = section.view;
  const [greenhouses, zones] = await Promise.all([
    requestAll<VersionedRecord>("/v1/greenhouses", { signal }),
    requestAll<Zone>("/v1/greenhouse-zones", { signal }),
  ]);
  const nameOf = (id: string): string => greenhouses.find((greenhouse) => greenhouse.id === id)?.name ?? id;
  const withoutZone = greenhouses.filter((greenhouse) => !zones.some((zone) => zone.greenhouse === greenhouse.id));
  if (greenhouses.length === 0) return [make("p", { class: "note" }, translate("settings_no_greenhouses"))];
  const crops = make("datalist", { id: "crops" }, ...CROPS.map((crop) => make("option", { value: term("crops", crop) })));
  const rows = zones.map((zone) => {
    const crop = make("input", {
      value: findTerm("crops", zone.crop) ?? zone.crop,
      list: "crops",
      maxlength: 100,
      disabled: !editable,
      "aria-label": translate("settings_crop_of", { zone: zone.name }),
    });
    const stage = make("input", {
      value: findTerm("crop_stages", zone.stage) ?? zone.stage,
      maxlength: 100,
      disabled: !editable,
      "aria-label": translate("settings_stage_of", { zone: zone.name }),
    });
    const save = (): void => {
      const body = { ...zone, crop: idOfTerm("crops", crop.value), stage: idOfTerm("crop_stages", stage.value) };
      void section.change(() =>
        request(`/v1/greenhouse-zones/${zone.id}`, { method: "PUT", body, headers: { "If-Match": `"${zone.version}"` } }),
      );
    };
    return make(
      "tr",
      { "data-zone": zone.id },
      make("th", { scope: "row" }, nameOf(zone.greenhouse)),
      make("td", {}, zone.name),
      make("td", {}, crop),
      make("td", {}, stage),
      make("td", {}, editable ? make("button", { type: "button", class: "secondary", onclick: save }, translate("save")) : null),
    );
  });
  return [
    crops,
    zones.length === 0
      ? null
      : scrollTable(
          translate("settings_crops"),
          [translate("greenhouse"), translate("greenhouse_zone"), translate("settings_crop"), translate("settings_stage"), ""],
          rows,
        ),
    withoutZone.length > 0
      ? make(
          "p",
          { class: "note" },
          translate("settings_without_zone", { greenhouses: withoutZone.map((greenhouse) => greenhouse.name).join(", ") }),
        )
      : null,
  ];
}

async function drawRecipients(section: Section, editable: boolean): Promise<Child[]> {
  const recipients = await requestAll<Recipient>("/v1/alarm-recipients", { signal: section.view.signal });
  const rows = recipients.map((recipient) => {
    const match = { "If-Match": `"${recipient.version}"` };
    const toggle = (): void =>
      void section.change(() =>
        request(`/v1/alarm-recipients/${recipient.id}`, {
          method: "PUT",
          headers: match,
          body: { ...recipient, enabled: !recipient.enabled },
        }),
      );
    const remove = (): void => {
      if (confirm(translate("settings_delete_confirm", { name: recipient.name })))
        void section.change(() => request(`/v1/alarm-recipients/${recipient.id}`, { method: "DELETE", headers: match }));
    };
    const renew = (): void =>
      void section.progress
        .run(() => request<{ secret: string }>(`/v1/alarm-recipients/${recipient.id}/secret`, { method: "POST" }))
        .then((answer) => {
          if (answer !== null)
            secret.replaceChildren(make("p", {}, translate("settings_secret_once")), make("p", { class: "secret" }, answer.secret));
        });
    return make(
      "tr",
      { "data-recipient": recipient.id },
      make("th", { scope: "row" }, findTerm("default_names", recipient.name) ?? recipient.name),
      make("td", {}, term("recipient_kinds", recipient.kind)),
      make("td", {}, recipient.address || "—"),
      make("td", {}, recipient.language === "en" ? "English" : "简体中文"),
      make("td", {}, term("severities", recipient.least_severity)),
      make("td", {}, translate(recipient.enabled ? "enabled" : "disabled")),
      make(
        "td",
        {},
        editable
          ? make(
              "span",
              {},
              make(
                "button",
                { type: "button", class: "plain", onclick: toggle },
                translate(recipient.enabled ? "settings_disable" : "settings_enable"),
              ),
              recipient.kind === "webhook"
                ? make("button", { type: "button", class: "plain", onclick: renew }, translate("settings_new_secret"))
                : null,
              make("button", { type: "button", class: "plain", onclick: remove }, translate("delete")),
            )
          : null,
      ),
    );
  });
  const secret = make("div", { role: "status" });
  const heads = [
    translate("settings_name"),
    translate("settings_channel"),
    translate("settings_address"),
    translate("language"),
    translate("settings_min_severity"),
    translate("settings_state"),
    translate("actions"),
  ];
  const list =
    rows.length === 0
      ? make("p", { class: "note" }, translate("settings_no_recipients"))
      : scrollTable(translate("settings_recipients"), heads, rows, "wide");
  if (!editable) return [list];
  const name = inputField("recipient-name", translate("settings_name"), { required: true, maxlength: 200 });
  const address = inputField("recipient-address", translate("settings_address"), { maxlength: 2000 });
  const kind = selectField(
    "recipient-kind",
    translate("settings_channel"),
    (["email", "webhook", "mqtt"] as const).map((channel) => [channel, term("recipient_kinds", channel)]),
  );
  const language = selectField(
    "recipient-language",
    translate("language"),
    [
      ["en", "English"],
      ["zh-CN", "简体中文"],
    ],
    currentLanguage(),
  );
  const severity = selectField(
    "recipient-severity",
    translate("settings_min_severity"),
    (["info", "warning", "critical"] as const).map((level) => [level, term("severities", level)]),
    "warning",
  );
  const form = buildForm([name, kind, address, language, severity], translate("settings_add_recipient"), () =>
    section.change(() =>
      request("/v1/alarm-recipients", {
        method: "POST",
        body: {
          name: name.control.value.trim(),
          kind: kind.control.value,
          address: address.control.value.trim(),
          language: language.control.value,
          least_severity: severity.control.value,
        },
      }),
    ),
  );
  return [list, secret, form];
}

async function drawKeys(section: Section): Promise<Child[]> {
  const keys = await requestAll<Key>("/v1/keys", { signal: section.view.signal });
  const rows = keys.map((key) =>
    make(
      "tr",
      { "data-key": key.id },
      make("th", { scope: "row" }, findTerm("default_names", key.name) ?? key.name),
      make("td", {}, term("scopes", key.scope)),
      make("td", {}, `${key.prefix}…`),
      make("td", {}, key.expires_ms === null ? translate("settings_no_expiry") : dateText(key.expires_ms)),
      make("td", {}, key.last_used_ms === null ? translate("never") : ageText(nowMs() - key.last_used_ms)),
      make(
        "td",
        {},
        make(
          "button",
          {
            type: "button",
            class: "plain",
            "aria-label": translate("settings_revoke_key", { name: key.name }),
            onclick: () => {
              if (confirm(translate("settings_revoke_confirm", { name: key.name })))
                void section.change(() => request(`/v1/keys/${key.id}`, { method: "DELETE" }));
            },
          },
          translate("settings_revoke"),
        ),
      ),
    ),
  );
  const name = inputField("key-name", translate("settings_name"), { required: true, maxlength: 200 });
  const scope = selectField(
    "key-scope",
    translate("settings_role"),
    SCOPES.map((level) => [level, term("scopes", level)]),
  );
  const days = inputField("key-days", translate("settings_key_days"), { type: "number", min: 1, max: 3650, step: 1, inputmode: "numeric" });
  const form = buildForm([name, scope, days], translate("settings_add_key"), async () => {
    const expires = days.control.value === "" ? {} : { expires_ms: Math.round(nowMs() + Number(days.control.value) * DAY_MS) };
    const created = await section.progress.run(() =>
      request<{ key: string }>("/v1/keys", {
        method: "POST",
        body: { name: name.control.value.trim(), scope: scope.control.value, ...expires },
      }),
    );
    if (created === null) return false;
    await section.load();
    section.place.append(
      make("div", { role: "status" }, make("p", {}, translate("settings_key_once")), make("p", { class: "secret" }, created.key)),
    );
    return true;
  });
  return [
    scrollTable(
      translate("settings_keys"),
      [
        translate("settings_name"),
        translate("settings_role"),
        translate("settings_key_prefix"),
        translate("settings_expires"),
        translate("settings_last_used"),
        translate("actions"),
      ],
      rows,
    ),
    form,
  ];
}

async function drawMembers(section: Section): Promise<Child[]> {
  const members = await requestAll<Member>("/v1/members", { signal: section.view.signal });
  const rows = members.map((member) =>
    make(
      "tr",
      { "data-member": member.id },
      make("th", { scope: "row" }, member.name),
      make("td", {}, member.subject),
      make("td", {}, term("scopes", member.role)),
      make(
        "td",
        {},
        make(
          "button",
          {
            type: "button",
            class: "plain",
            "aria-label": translate("settings_delete_member", { name: member.name }),
            onclick: () => {
              if (confirm(translate("settings_delete_confirm", { name: member.name })))
                void section.change(() =>
                  request(`/v1/members/${member.id}`, { method: "DELETE", headers: { "If-Match": `"${member.version}"` } }),
                );
            },
          },
          translate("delete"),
        ),
      ),
    ),
  );
  const name = inputField("member-name", translate("settings_name"), { required: true, maxlength: 200 });
  const subject = inputField("member-subject", translate("settings_subject"), { required: true, maxlength: 200 });
  const role = selectField(
    "member-role",
    translate("settings_role"),
    SCOPES.map((level) => [level, term("scopes", level)]),
  );
  const form = buildForm([name, subject, role], translate("settings_add_member"), () =>
    section.change(() =>
      request("/v1/members", {
        method: "POST",
        body: { name: name.control.value.trim(), subject: subject.control.value.trim(), role: role.control.value },
      }),
    ),
  );
  const list =
    rows.length === 0
      ? make("p", { class: "note" }, translate("settings_no_members"))
      : scrollTable(
          translate("settings_members"),
          [translate("settings_name"), translate("settings_subject"), translate("settings_role"), translate("actions")],
          rows,
        );
  return [list, form];
}

interface LabelledControl<E extends HTMLElement> {
  element: HTMLElement;
  control: E;
}

function inputField(id: string, text: string, attributes: Record<string, string | number | boolean>): LabelledControl<HTMLInputElement> {
  const control = make("input", { id, ...attributes });
  return { control, element: labelled(control, text) };
}

function selectField(
  id: string,
  text: string,
  options: readonly (readonly [string, string])[],
  selected = "",
): LabelledControl<HTMLSelectElement> {
  const control = make(
    "select",
    { id },
    ...options.map(([value, label]) => make("option", { value, selected: value === selected }, label)),
  );
  return { control, element: labelled(control, text) };
}

function buildForm(parts: LabelledControl<HTMLElement>[], text: string, submit: () => Promise<boolean>): HTMLElement {
  const button = make("button", { type: "submit", class: "primary" }, text);
  const form = make("form", { class: "buttons" }, ...parts.map((part) => part.element), button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    void submit().finally(() => {
      button.disabled = false;
    });
  });
  return form;
}
