// Reference of the API, rendered from /openapi.json, with a form to try each GET route. Requires no other host.

import "./style.css";
import "./docs.css";

import { request, errorText } from "./api/request";
import { make } from "./components/dom";

interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  type?: string | string[];
  format?: string;
  items?: Schema;
  additionalProperties?: Schema | boolean;
  properties?: Record<string, Schema>;
  description?: string;
  default?: unknown;
}

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema: Schema;
  examples?: Record<string, { value: string }>;
}

interface Operation {
  description?: string;
  tags?: string[];
  parameters?: Parameter[];
  responses: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}

interface Description {
  info: { title: string; description?: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, Schema> };
}

const place = document.getElementById("docs") as HTMLElement;

function refOf(schema: Schema | undefined): string | null {
  return schema?.$ref?.split("/").at(-1) ?? null;
}

// Join the lines of a paragraph; empty lines remain.
function joinLines(text: string | undefined): string {
  return (text ?? "").trim().replace(/([^\n])\n(?!\n)/g, "$1 ");
}

function typeOf(schema: Schema | undefined): string {
  if (!schema) return "";
  if (schema.$ref) return refOf(schema) ?? "";
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.type === "array") return `${typeOf(schema.items)}[]`;
  if (schema.type === "object" && typeof schema.additionalProperties === "object")
    return `{ name: ${typeOf(schema.additionalProperties)} }`;
  const type = Array.isArray(schema.type) ? schema.type.join(" | ") : (schema.type ?? "any");
  return schema.format ? `${type} (${schema.format})` : type;
}

function schemaTable(schemaName: string, schema: Schema): HTMLElement {
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, name)),
      make("td", {}, make("code", {}, typeOf(property))),
      make("td", {}, property.description ?? ""),
    ),
  );
  return make(
    "details",
    { class: "schema", id: `schema-${schemaName}` },
    make("summary", {}, schemaName),
    make("p", { class: "tag" }, schema.description ?? ""),
    make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...rows))),
  );
}

function parameterField(parameter: Parameter): { parameter: Parameter; input: HTMLInputElement; element: HTMLElement } {
  const example = Object.values(parameter.examples ?? {})[0]?.value ?? "";
  const input = make("input", {
    name: parameter.name,
    "aria-label": parameter.name,
    placeholder: example || typeOf(parameter.schema),
    autocomplete: "off",
    spellcheck: "false",
  });
  if (parameter.schema.default !== undefined) input.placeholder = String(parameter.schema.default);
  const note = `${typeOf(parameter.schema)}${parameter.required ? ", required" : ""}. ${parameter.description ?? ""}`;
  return {
    parameter,
    input,
    element: make(
      "label",
      { class: "field" },
      make("code", {}, parameter.name),
      make("span", {}, make("span", { class: "note" }, note), input),
    ),
  };
}

function addressOf(path: string, fields: ReturnType<typeof parameterField>[]): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, input } of fields) {
    const value = input.value.trim();
    if (parameter.in === "path") filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
    else if (value)
      for (const part of parameter.schema.type === "array" ? value.split(/[,\s]+/) : [value]) query.append(parameter.name, part);
  }
  return query.size ? `${filled}?${query}` : filled;
}

function operationOf(path: string, verb: string, operation: Operation): HTMLElement {
  const fields = (operation.parameters ?? []).map(parameterField);
  const output = make("pre", { hidden: true, tabindex: 0 });
  const send = async (): Promise<void> => {
    const address = addressOf(path, fields);
    const response = await fetch(address);
    const text = await response.text();
    const body = response.headers.get("Content-Type")?.includes("json") ? JSON.stringify(JSON.parse(text), null, 1) : text;
    output.hidden = false;
    output.textContent = `GET ${address}\n${response.status} ${response.statusText}\n\n${body.length > 20_000 ? `${body.slice(0, 20_000)}\n…` : body}`;
  };
  const responseRows = Object.entries(operation.responses).map(([status, response]) => {
    const [media, content] = Object.entries(response.content ?? {})[0] ?? ["", undefined];
    const name = refOf(content?.schema);
    return make(
      "tr",
      {},
      make("th", { scope: "row" }, status),
      make("td", {}, response.description ?? ""),
      make("td", {}, name ? make("a", { href: `#schema-${name}` }, name) : "", " ", make("span", { class: "more" }, media)),
    );
  });
  return make(
    "details",
    { class: "operation" },
    make(
      "summary",
      {},
      make("span", { class: "verb" }, verb.toUpperCase()),
      make("code", { class: "path" }, path),
      make("span", { class: "brief" }, joinLines(operation.description).split(/(?<=\.)\s/)[0]),
    ),
    make(
      "div",
      { class: "body" },
      make("p", {}, joinLines(operation.description)),
      fields.length ? make("div", { class: "fields" }, ...fields.map((field) => field.element)) : null,
      // Only requests that change nothing are sent from here.
      verb === "get" ? make("button", { type: "button", class: "send", onclick: () => void send() }, "Send") : null,
      output,
      make("h3", {}, "Responses"),
      make("div", { class: "scroll" }, make("table", {}, make("tbody", {}, ...responseRows))),
    ),
  );
}

function draw(description: Description): void {
  const operations = Object.entries(description.paths).flatMap(([path, verbs]) =>
    Object.entries(verbs).map(([verb, operation]) => ({ path, verb, operation })),
  );
  place.replaceChildren(
    make("h1", {}, `${description.info.title} API`),
    make("p", { class: "lead" }, joinLines(description.info.description)),
  );
  for (const tag of description.tags) {
    place.append(make("h2", {}, tag.name), make("p", { class: "tag" }, tag.description));
    for (const { path, verb, operation } of operations)
      if (operation.tags?.includes(tag.name)) place.append(operationOf(path, verb, operation));
  }
  place.append(
    make("h2", { id: "schemas" }, "Schemas"),
    ...Object.entries(description.components.schemas)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, schema]) => schemaTable(name, schema)),
  );
}

function openAddressed(): void {
  const addressed = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (addressed instanceof HTMLDetailsElement) addressed.open = true;
  addressed?.scrollIntoView();
}

try {
  draw(await request<Description>("/openapi.json"));
} catch (error) {
  place.replaceChildren(make("p", { class: "empty", role: "alert" }, errorText(error), " ", make("a", { href: "/" }, "Headland")));
}
addEventListener("hashchange", openAddressed);
openAddressed();
