// What a field's water and the registry say of the water given, as rows of one list; and what an address declares, as records.

/** Water of a day as the answer of a field's water has it. */
interface Given {
  day: string;
  amount_mm: number;
  source: "meter" | "record" | "request";
  name: string;
  counted: boolean;
}

/** Water as a person wrote it down. */
interface Recorded {
  id?: string;
  day: string;
  zone?: string | null;
  amount_mm?: number | null;
  volume_m3?: number | null;
}

export interface Row<Written extends Recorded> {
  key: string;
  day: string;
  amountMm: number | null;
  volumeM3: number | null;
  source: Given["source"];
  /** The devices of meters. */
  devices: string;
  /** outside: of a day that is not in the balance, or there is none. */
  counted: "counted" | "by_meter" | "outside";
  record: Written | null;
}

/**
 * Return the water given, newest first: what the answer counts or leaves out, and records that it does not name.
 * Of a zone, records of other zones are left out.
 */
export function rowsOf<Written extends Recorded>(
  given: readonly Given[],
  records: readonly Written[],
  zone: string | null,
): Row<Written>[] {
  const named = new Map(records.map((record) => [record.id ?? "", record]));
  const told = given.map(({ day, amount_mm, source, name, counted }, index): Row<Written> => {
    const record = source === "record" ? (named.get(name) ?? null) : null;
    return {
      key: `${day}-${source}-${name}-${index}`,
      day,
      amountMm: amount_mm,
      volumeM3: record?.volume_m3 ?? null,
      source,
      devices: source === "meter" ? name : "",
      counted: counted ? "counted" : "by_meter",
      record,
    };
  });
  const answered = new Set(given.filter(({ source }) => source === "record").map(({ name }) => name));
  const others = records.filter(
    (each) => !answered.has(each.id ?? "") && (zone === null || (each.zone ?? null) === null || each.zone === zone),
  );
  return [
    ...told,
    ...others.map(
      (record): Row<Written> => ({
        key: record.id ?? "",
        day: record.day,
        amountMm: record.amount_mm ?? null,
        volumeM3: record.volume_m3 ?? null,
        source: "record",
        devices: "",
        counted: "outside",
        record,
      }),
    ),
  ].sort((one, other) => (one.day < other.day ? 1 : one.day > other.day ? -1 : 0));
}

export type AmountUnit = "mm" | "m3" | "m3_mu";

/** Millimetres of a cubic metre on a mu, which is 2000/3 m2. */
const MM_PER_M3_MU = 1.5;

/** Return an amount as a record has it: a depth or a volume; cubic metres a mu are a depth. */
export function amountOf(value: number, unit: AmountUnit): { amount_mm: number | null; volume_m3: number | null } {
  if (unit === "m3") return { amount_mm: null, volume_m3: value };
  return { amount_mm: unit === "mm" ? value : Math.round(value * MM_PER_M3_MU * 1000) / 1000, volume_m3: null };
}

/** Return the irrigations that an address declares, 2026-07-01=30, as day and depth. */
export function declaredAmounts(irrigation: readonly string[]): { day: string; amount_mm: number }[] {
  return irrigation.map((each) => {
    const [day = "", amount = ""] = each.split("=");
    return { day, amount_mm: Number(amount) };
  });
}

/** The numbers that a zone's record and an address both have; soil apart. */
export const LOSSES_AND_PUMP = ["wetted", "efficiency", "most_mm", "flow_m3_h", "hours_a_day"] as const;

interface Soil {
  texture?: string | null;
  field_capacity_pct?: number | null;
  wilting_point_pct?: number | null;
}

/** Return a zone as an address declares it: a soil comes as a whole, every other number alone. */
export function withDeclared<Zone extends Soil, Declared extends Soil>(zone: Zone, declared: Declared): Zone {
  const isSoil = declared.texture !== undefined || declared.field_capacity_pct !== undefined || declared.wilting_point_pct !== undefined;
  const soil = {
    texture: declared.texture ?? null,
    field_capacity_pct: declared.field_capacity_pct ?? null,
    wilting_point_pct: declared.wilting_point_pct ?? null,
  };
  const numbers = LOSSES_AND_PUMP.flatMap((name) => {
    const value = (declared as Partial<Record<(typeof LOSSES_AND_PUMP)[number], number>>)[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...zone, ...(isSoil ? soil : {}), ...Object.fromEntries(numbers) };
}
