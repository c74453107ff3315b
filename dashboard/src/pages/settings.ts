// What this browser shows, what the farm's houses grow, who is told of alarms, and who may ask.

import { nowMs } from "../api/clock";
import { ask, askAll, AskError, sentenceOf } from "../api/request";
import { currentSession } from "../api/session";
import type { Mount, View } from "../app/view";
import { make, type Child } from "../components/dom";
import { Progress } from "../components/progress";
import { ageText, dateText, zoneNote } from "../i18n/instants";
import { chooseArea, chooseLanguage, currentArea, currentLanguage, type AreaUnit, type Language } from "../i18n/preferences";
import { word, wordOf } from "../i18n/translate";

const DAY_MS = 86_400_000;
const CROPS = ["tomato", "cucumber", "lettuce", "strawberry"];

interface Kept {
  id: string;
  version: number;
  name: string;
}

interface Zone extends Kept {
  greenhouse: string;
  area_m2: number | null;
  crop: string;
  stage: string;
}

interface Recipient extends Kept {
  kind: "webhook" | "email" | "mqtt";
  address: string;
  language: "en" | "zh-CN";
  least_severity: "info" | "warning" | "critical";
  enabled: boolean;
}

interface Member extends Kept {
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
  place.append(make("div", { class: "page settings" },
    make("h1", {}, word("page_settings")), browserCard(),
    new Section(view, "zones", word("settings_bands"), word("settings_bands_about"), (section) => drawZones(section, scope !== "read")).element,
    new Section(view, "recipients", word("settings_recipients"), word("settings_recipients_about"), (section) => drawRecipients(section, scope !== "read")).element,
    ...(scope === "admin" ? [
      new Section(view, "keys", word("settings_keys"), word("settings_keys_about"), drawKeys).element,
      new Section(view, "members", word("settings_members"), word("settings_members_about"), drawMembers).element,
    ] : [make("p", { class: "note" }, word("settings_admin_only"))])));
};

function browserCard(): HTMLElement {
  const languages: [Language, string][] = [["en", "English"], ["zh-CN", "简体中文"]];
  const areas: [AreaUnit, string][] = [["ha", word("per_ha")], ["mu", word("per_mu")]];
  const session = currentSession();
  const choice = <T extends string>(legend: string, name: string, options: [T, string][], current: T, choose: (wanted: T) => void): HTMLElement =>
    make("fieldset", { class: "choices-row layers" }, make("legend", {}, legend),
      ...options.map(([value, text]) => make("label", {}, make("input", { type: "radio", name, value, checked: value === current, onchange: () => choose(value) }), text)));
  return make("section", { class: "card", "data-panel": "browser" }, make("h2", {}, word("settings_browser")),
    choice(word("language"), "language", languages, currentLanguage(), chooseLanguage),
    choice(word("area_unit"), "area", areas, currentArea(), chooseArea),
    make("p", { class: "note" }, zoneNote()),
    session ? make("p", { class: "note" }, word("signed_in_as", { organisation: session.organisation.name || session.organisation.handle, scope: wordOf("scope", session.scope, session.scope) })) : null);
}

/** A card of the page that asks for what it shows, and again after each change. */
class Section {
  readonly element: HTMLElement;
  readonly place = make("div", { class: "stack" });
  readonly progress = new Progress();

  constructor(readonly view: View, panel: string, title: string, about: string, readonly draw: (section: Section) => Promise<Child[]>) {
    this.element = make("section", { class: "card", "data-panel": panel }, make("h2", {}, title), make("p", { class: "note" }, about), this.place, this.progress.element);
    void this.load();
  }

  async load(): Promise<void> {
    try {
      this.place.replaceChildren(...(await this.draw(this)).filter((child) => child !== null && child !== undefined && child !== false).map((child) => (child instanceof Node ? child : String(child))));
    } catch (error) {
      const sentence = sentenceOf(error);
      if (sentence !== null) this.place.replaceChildren(make("p", { class: "trouble" }, error instanceof AskError && error.status === 404 ? word("settings_no_registry") : sentence));
    }
  }

  /** Make a change, say what went wrong, and show what is kept now. */
  async change(work: () => Promise<unknown>): Promise<boolean> {
    const done = await this.progress.run(async () => {
      await work();
      return true;
    }, word("settings_saved"));
    if (done) await this.load();
    return done === true;
  }
}

async function drawZones(section: Section, may: boolean): Promise<Child[]> {
  const { signal } = section.view;
  const [houses, zones] = await Promise.all([askAll<Kept>("/v1/greenhouses", { signal }), askAll<Zone>("/v1/greenhouse-zones", { signal })]);
  const nameOf = (id: string): string => houses.find((house) => house.id === id)?.name ?? id;
  const bare = houses.filter((house) => !zones.some((zone) => zone.greenhouse === house.id));
  if (houses.length === 0) return [make("p", { class: "note" }, word("settings_no_houses"))];
  const crops = make("datalist", { id: "crops" }, ...CROPS.map((crop) => make("option", { value: crop }, wordOf("greenhouse_crop", crop, crop))));
  const rows = zones.map((zone) => {
    const crop = make("input", { value: zone.crop, list: "crops", maxlength: 100, disabled: !may, "aria-label": word("settings_crop_of", { zone: zone.name }) });
    const stage = make("input", { value: zone.stage, maxlength: 100, disabled: !may, "aria-label": word("settings_stage_of", { zone: zone.name }) });
    const save = (): void => {
      const body = { ...zone, crop: crop.value.trim(), stage: stage.value.trim() };
      void section.change(() => ask(`/v1/greenhouse-zones/${zone.id}`, { method: "PUT", body, headers: { "If-Match": `"${zone.version}"` } }));
    };
    return make("tr", { "data-zone": zone.id }, make("th", { scope: "row" }, nameOf(zone.greenhouse)), make("td", {}, zone.name), make("td", {}, crop), make("td", {}, stage),
      make("td", {}, may ? make("button", { type: "button", class: "secondary", onclick: save }, word("save")) : null));
  });
  return [crops, zones.length === 0 ? null : table(word("settings_bands"), [word("kind_greenhouse"), word("greenhouse_zone"), word("settings_crop"), word("settings_stage"), ""], rows),
    bare.length > 0 ? make("p", { class: "note" }, word("settings_bare_houses", { houses: bare.map((house) => house.name).join(", ") })) : null];
}

async function drawRecipients(section: Section, may: boolean): Promise<Child[]> {
  const recipients = await askAll<Recipient>("/v1/alarm-recipients", { signal: section.view.signal });
  const rows = recipients.map((one) => {
    const match = { "If-Match": `"${one.version}"` };
    const toggle = (): void => void section.change(() => ask(`/v1/alarm-recipients/${one.id}`, { method: "PUT", headers: match, body: { ...one, enabled: !one.enabled } }));
    const drop = (): void => {
      if (confirm(word("settings_drop_sure", { name: one.name }))) void section.change(() => ask(`/v1/alarm-recipients/${one.id}`, { method: "DELETE", headers: match }));
    };
    const renew = (): void => void section.progress.run(() => ask<{ secret: string }>(`/v1/alarm-recipients/${one.id}/secret`, { method: "POST" })).then((made) => {
      if (made !== null) shown.replaceChildren(make("p", {}, word("settings_secret_once")), make("p", { class: "secret" }, made.secret));
    });
    return make("tr", { "data-recipient": one.id }, make("th", { scope: "row" }, one.name), make("td", {}, wordOf("settings_kind", one.kind, one.kind)), make("td", {}, one.address || "—"),
      make("td", {}, one.language === "en" ? "English" : "简体中文"), make("td", {}, wordOf("alarms_severity", one.least_severity, one.least_severity)), make("td", {}, word(one.enabled ? "on" : "off")),
      make("td", {}, may ? make("span", {}, make("button", { type: "button", class: "plain", onclick: toggle }, word(one.enabled ? "settings_switch_off" : "settings_switch_on")),
        one.kind === "webhook" ? make("button", { type: "button", class: "plain", onclick: renew }, word("settings_new_secret")) : null,
        make("button", { type: "button", class: "plain", onclick: drop }, word("settings_drop"))) : null));
  });
  const shown = make("div", { role: "status" });
  const heads = [word("settings_name"), word("settings_how"), word("settings_address"), word("language"), word("settings_from"), word("settings_state"), word("settings_act")];
  const list = rows.length === 0 ? make("p", { class: "note" }, word("settings_no_recipients")) : table(word("settings_recipients"), heads, rows);
  if (!may) return [list];
  const name = field("recipient-name", word("settings_name"), { required: true, maxlength: 200 });
  const address = field("recipient-address", word("settings_address"), { maxlength: 2000 });
  const kind = choose("recipient-kind", word("settings_how"), [["email", word("settings_kind_email")], ["webhook", word("settings_kind_webhook")], ["mqtt", word("settings_kind_mqtt")]]);
  const language = choose("recipient-language", word("language"), [["en", "English"], ["zh-CN", "简体中文"]], currentLanguage());
  const severity = choose("recipient-severity", word("settings_from"), (["info", "warning", "critical"] as const).map((one) => [one, wordOf("alarms_severity", one, one)]), "warning");
  const form = submitting([name, kind, address, language, severity], word("settings_add_recipient"), () => section.change(() => ask("/v1/alarm-recipients", {
    method: "POST", body: { name: name.control.value.trim(), kind: kind.control.value, address: address.control.value.trim(), language: language.control.value, least_severity: severity.control.value },
  })));
  return [list, shown, form];
}

async function drawKeys(section: Section): Promise<Child[]> {
  const keys = await askAll<Key>("/v1/keys", { signal: section.view.signal });
  const shown = make("div", { role: "status" });
  const rows = keys.map((key) => make("tr", { "data-key": key.id }, make("th", { scope: "row" }, key.name), make("td", {}, wordOf("scope", key.scope, key.scope)), make("td", {}, `${key.prefix}…`),
    make("td", {}, key.expires_ms === null ? word("settings_never_ends") : dateText(key.expires_ms)), make("td", {}, key.last_used_ms === null ? word("settings_never_used") : ageText(nowMs() - key.last_used_ms)),
    make("td", {}, make("button", { type: "button", class: "plain", "aria-label": word("settings_revoke_key", { name: key.name }), onclick: () => {
      if (confirm(word("settings_revoke_sure", { name: key.name }))) void section.change(() => ask(`/v1/keys/${key.id}`, { method: "DELETE" }));
    } }, word("settings_revoke")))));
  const name = field("key-name", word("settings_name"), { required: true, maxlength: 200 });
  const scope = choose("key-scope", word("settings_may"), (["read", "write", "admin"] as const).map((one) => [one, wordOf("scope", one, one)]));
  const days = field("key-days", word("settings_key_days"), { type: "number", min: 1, max: 3650, step: 1, inputmode: "numeric" });
  const form = submitting([name, scope, days], word("settings_add_key"), async () => {
    const expires = days.control.value === "" ? {} : { expires_ms: Math.round(nowMs() + Number(days.control.value) * DAY_MS) };
    const made = await section.progress.run(() => ask<{ key: string }>("/v1/keys", { method: "POST", body: { name: name.control.value.trim(), scope: scope.control.value, ...expires } }));
    if (made === null) return false;
    await section.load();
    section.place.append(make("div", { role: "status" }, make("p", {}, word("settings_key_once")), make("p", { class: "secret" }, made.key)));
    return true;
  });
  return [table(word("settings_keys"), [word("settings_name"), word("settings_may"), word("settings_begins"), word("settings_ends"), word("settings_used"), word("settings_act")], rows), form, shown];
}

async function drawMembers(section: Section): Promise<Child[]> {
  const members = await askAll<Member>("/v1/members", { signal: section.view.signal });
  const rows = members.map((member) => make("tr", { "data-member": member.id }, make("th", { scope: "row" }, member.name), make("td", {}, member.subject), make("td", {}, wordOf("scope", member.role, member.role)),
    make("td", {}, make("button", { type: "button", class: "plain", "aria-label": word("settings_drop_member", { name: member.name }), onclick: () => {
      if (confirm(word("settings_drop_sure", { name: member.name }))) void section.change(() => ask(`/v1/members/${member.id}`, { method: "DELETE", headers: { "If-Match": `"${member.version}"` } }));
    } }, word("settings_drop")))));
  const name = field("member-name", word("settings_name"), { required: true, maxlength: 200 });
  const subject = field("member-subject", word("settings_subject"), { required: true, maxlength: 200 });
  const role = choose("member-role", word("settings_may"), (["read", "write", "admin"] as const).map((one) => [one, wordOf("scope", one, one)]));
  const form = submitting([name, subject, role], word("settings_add_member"), () => section.change(() => ask("/v1/members", {
    method: "POST", body: { name: name.control.value.trim(), subject: subject.control.value.trim(), role: role.control.value },
  })));
  const list = rows.length === 0 ? make("p", { class: "note" }, word("settings_no_members")) : table(word("settings_members"), [word("settings_name"), word("settings_subject"), word("settings_may"), word("settings_act")], rows);
  return [list, form];
}

interface Labelled<E extends HTMLElement> {
  element: HTMLElement;
  control: E;
}

function field(id: string, text: string, attributes: Record<string, string | number | boolean>): Labelled<HTMLInputElement> {
  const control = make("input", { id, ...attributes });
  return { control, element: make("div", { class: "labelled" }, make("label", { for: id }, text), control) };
}

function choose(id: string, text: string, options: readonly (readonly [string, string])[], current = ""): Labelled<HTMLSelectElement> {
  const control = make("select", { id }, ...options.map(([value, shown]) => make("option", { value, selected: value === current }, shown)));
  return { control, element: make("div", { class: "labelled" }, make("label", { for: id }, text), control) };
}

function submitting(parts: Labelled<HTMLElement>[], text: string, act: () => Promise<boolean>): HTMLElement {
  const button = make("button", { type: "submit", class: "primary" }, text);
  const form = make("form", { class: "buttons" }, ...parts.map((part) => part.element), button);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    button.disabled = true;
    void act().finally(() => {
      button.disabled = false;
    });
  });
  return form;
}

function table(name: string, heads: string[], rows: HTMLElement[]): HTMLElement {
  return make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": name },
    make("table", { class: heads.length > 4 ? "wide" : null }, make("caption", { class: "hidden" }, name),
      make("thead", {}, make("tr", {}, ...heads.map((head) => (head === "" ? make("td") : make("th", { scope: "col" }, head))))), make("tbody", {}, ...rows)));
}
