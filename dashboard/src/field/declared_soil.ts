// What a person declares of a field's soil and irrigation, as it stands in the address of the page and in the question to the station.

/** The names of the numbers, as the API has them. */
export const NUMBERS = [
  "field_capacity_pct",
  "wilting_point_pct",
  "start_depleted",
  "wetted",
  "efficiency",
  "most_mm",
  "flow_m3_h",
  "hours_a_day",
] as const;
export type NumberName = (typeof NUMBERS)[number];

export type Declared<Texture extends string = string> = { texture?: Texture; irrigation?: string[] } & { [Name in NumberName]?: number };

/** The key of the address; its text is a query of its own. */
export const KEY = "soil";

/** Return what an address declares; what is no number of it, or none of the textures, is left out. */
export function readDeclared<Texture extends string>(text: string, textures: readonly Texture[]): Declared<Texture> {
  const query = new URLSearchParams(text);
  const texture = textures.find((each) => each === query.get("texture"));
  const irrigation = query.getAll("irrigation");
  const numbers = NUMBERS.flatMap((name): [string, number][] => {
    const given = query.get(name);
    const value = Number(given);
    return given === null || given === "" || !Number.isFinite(value) ? [] : [[name, value]];
  });
  return {
    ...(texture === undefined ? {} : { texture }),
    ...Object.fromEntries(numbers),
    ...(irrigation.length === 0 ? {} : { irrigation }),
  } as Declared<Texture>;
}

/** Return it as a text for the address; nothing declared is an empty text. */
export function writeDeclared(declared: Declared): string {
  const query = new URLSearchParams();
  if (declared.texture !== undefined) query.set("texture", declared.texture);
  for (const name of NUMBERS) if (declared[name] !== undefined) query.set(name, String(declared[name]));
  for (const each of declared.irrigation ?? []) query.append("irrigation", each);
  return query.toString();
}

/** Return irrigation as the API has it, 2026-07-01=30, by lines of a day and millimetres; the first wrong line where there is one. */
export function readGiven(text: string): { given: string[]; wrong: string | null } {
  const given: string[] = [];
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "") continue;
    const match = /^(\d{4}-\d{2}-\d{2})[\s=,:]+(\d{1,4}(?:\.\d{1,3})?)$/.exec(line);
    if (match === null || Number.isNaN(Date.parse(match[1] ?? ""))) return { given: [], wrong: line };
    given.push(`${match[1]}=${match[2]}`);
  }
  return { given, wrong: null };
}
