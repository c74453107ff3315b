// The API's own description, drawn from /openapi.json, with a way to try each route. Needs no other host.

import { make } from "/page/dom.js";

const place = document.getElementById("docs");
const answer = await fetch("/openapi.json");
if (!answer.ok) {
  place.replaceChildren(make("p", { class: "empty" }, make("a", { href: "/" }, "Sign in on the first page"), ", then come back."));
  throw new Error(`openapi.json: ${answer.status}`);
}
const spec = await answer.json();

function refOf(schema) {
  return schema?.$ref?.split("/").at(-1) ?? null;
}

// Lines that were only broken for a source file flow together; empty lines stay.
function flow(text) {
  return (text ?? "").trim().replace(/([^\n])\n(?!\n)/g, "$1 ");
}

function typeOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return refOf(schema);
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items)}[]`;
  if (schema.type === "object" && schema.additionalProperties) return `{ name: ${typeOf(schema.additionalProperties)} }`;
  return schema.format ? `${schema.type} (${schema.format})` : (schema.type ?? "any");
}

function schemaTable(name) {
  const schema = spec.components.schemas[name];
  const rows = Object.entries(schema.properties ?? {}).map(([field, told]) =>
    make("tr", {}, make("th", { scope: "row" }, make("code", {}, field)), make("td", {}, make("code", {}, typeOf(told))), make("td", {}, told.description ?? "")));
  return make("details", { class: "schema", id: `schema-${name}` }, make("summary", {}, name), make("p", { class: "tag" }, schema.description ?? ""),
    make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows))));
}

function fieldOf(parameter) {
  const example = Object.values(parameter.examples ?? {})[0]?.value ?? "";
  const input = make("input", { name: parameter.name, "aria-label": parameter.name, placeholder: example || typeOf(parameter.schema), autocomplete: "off", spellcheck: "false" });
  if (parameter.schema.default !== undefined) input.placeholder = String(parameter.schema.default);
  const note = `${typeOf(parameter.schema)}${parameter.required ? ", required" : ""}. ${parameter.description ?? ""}`;
  return { parameter, input, element: make("label", { class: "field" }, make("code", {}, parameter.name), make("span", {}, make("span", { class: "note" }, note), input)) };
}

function addressOf(path, fields) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, input } of fields) {
    const value = input.value.trim();
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value) for (const part of parameter.schema.type === "array" ? value.split(/[,\s]+/) : [value]) query.append(parameter.name, part);
  }
  return query.size ? `${filled}?${query}` : filled;
}

function operationOf(path, verb, operation) {
  const fields = (operation.parameters ?? []).map(fieldOf);
  const shown = make("pre", { hidden: true, tabindex: "0" });
  const send = make("button", { type: "button", class: "send" }, "Send");
  send.addEventListener("click", async () => {
    const address = addressOf(path, fields);
    const response = await fetch(address);
    const text = await response.text();
    const body = response.headers.get("Content-Type")?.includes("json") ? JSON.stringify(JSON.parse(text), null, 1) : text;
    shown.hidden = false;
    shown.textContent = `GET ${address}\n${response.status} ${response.statusText}\n\n${body.length > 20000 ? `${body.slice(0, 20000)}\n…` : body}`;
  });
  const answers = Object.entries(operation.responses).map(([status, response]) => {
    const [media, content] = Object.entries(response.content ?? {})[0] ?? ["", null];
    const name = refOf(content?.schema);
    return make("tr", {}, make("th", { scope: "row" }, status), make("td", {}, response.description ?? ""),
      make("td", {}, name ? make("a", { href: `#schema-${name}` }, name) : "", " ", make("span", { class: "more" }, media)));
  });
  return make("details", { class: "operation" },
    make("summary", {}, make("span", { class: "verb" }, verb.toUpperCase()), make("code", { class: "path" }, path), make("span", { class: "brief" }, flow(operation.description).split(/(?<=\.)\s/)[0])),
    make("div", { class: "body" }, make("p", {}, flow(operation.description)),
      fields.length ? make("div", { class: "fields" }, ...fields.map((field) => field.element)) : null, send, shown,
      make("h3", {}, "Answers"), make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...answers)))));
}

const operations = Object.entries(spec.paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, operation]) => [path, verb, operation]));
place.replaceChildren(make("h1", {}, `${spec.info.title} API`), make("p", { class: "lead" }, flow(spec.info.description)));
for (const tag of spec.tags) {
  place.append(make("h2", {}, tag.name), make("p", { class: "tag" }, tag.description));
  for (const [path, verb, operation] of operations) if (operation.tags?.includes(tag.name)) place.append(operationOf(path, verb, operation));
}
place.append(make("h2", { id: "schemas" }, "Shapes"), ...Object.keys(spec.components.schemas).sort().map(schemaTable));
addEventListener("hashchange", open);
open();

function open() {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted?.tagName === "DETAILS") wanted.open = true;
  wanted?.scrollIntoView();
}
