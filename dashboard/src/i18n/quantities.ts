// Units, channels and indices, each with its name, decimals and what it is good for: the station's catalogue, which is asked for before the
// first page (`api/quantities.ts`), so that no number changes its form. Nothing here knows one of them by its whole name.

export interface Labels {
  en: string;
  zh: string;
}

interface Unit {
  symbol: string;
  labels: Labels;
  decimals: number;
  endings: readonly string[];
}

interface Quantity {
  name: string;
  unit: string;
  labels: Labels;
  decimals: number;
}

interface Channel extends Quantity {
  watched: boolean;
  forecast: string | null;
}

interface Index extends Quantity {
  section: string;
  chart: string | null;
  method: string | null;
  method_labels: Labels | null;
  alarmable: boolean;
  bandable: boolean;
}

/** Decimals of a value in a unit that the catalogue has not. */
const OTHER_DECIMALS = 2;

let units: ReadonlyMap<string, Unit> = new Map();
let unitOfEnding: ReadonlyMap<string, string> = new Map();
let channels: ReadonlyMap<string, Channel> = new Map();
let indices: ReadonlyMap<string, Index> = new Map();
let methods: ReadonlyMap<string | null, Labels> = new Map();

export function setQuantities(rows: { units: readonly Unit[]; channels: readonly Channel[]; indices: readonly Index[] }): void {
  units = new Map(rows.units.map((unit) => [unit.symbol, unit]));
  unitOfEnding = new Map(rows.units.flatMap(({ symbol, endings }) => endings.map((ending) => [ending, symbol] as const)));
  channels = new Map(rows.channels.map((channel) => [channel.name, channel]));
  indices = new Map(rows.indices.map((index) => [index.name, index]));
  methods = new Map(rows.indices.flatMap(({ method, method_labels: labels }) => (labels === null ? [] : [[method, labels] as const])));
}

/** Return a channel, of whatever instance, or an index by its name. */
export function findQuantity(name: string): Quantity | undefined {
  const plain = name.split(":")[0] ?? "";
  return channels.get(plain) ?? indices.get(plain);
}

export function findUnit(symbol: string): Unit | undefined {
  return units.get(symbol);
}

/** Return the description of a method by which indices are computed. */
export function findMethod(id: string): Labels | undefined {
  return methods.get(id);
}

/** Return the unit of a channel or an index: by the catalogue, else by the ending of its name, the longest first. */
export function unitOfName(name: string): string {
  const known = findQuantity(name);
  if (known !== undefined) return known.unit;
  const words = (name.split(":")[0] ?? "").split("_");
  const endings = words.slice(1).map((_, at) => words.slice(at + 1).join("_"));
  return endings.map((ending) => unitOfEnding.get(ending)).find((unit) => unit !== undefined) ?? "1";
}

/** Return the decimals of a value in a unit: those of the channel or index whose name is given, else those of the unit. */
export function digitsOf(unit: string, name = ""): number {
  const known = findQuantity(name);
  return known?.unit === unit ? known.decimals : (units.get(unit)?.decimals ?? OTHER_DECIMALS);
}

/** Return the names of the indices that meet a condition, in the order in which people see them. */
export function indicesWhere(condition: (index: Index) => boolean): string[] {
  return [...indices.values()].filter(condition).map(({ name }) => name);
}

/** Return the channels that weather forecasts have. */
export function forecastChannels(): string[] {
  return [...channels.values()].filter(({ forecast }) => forecast !== null).map(({ name }) => name);
}

/** Return the channels that a grower watches, in the order in which people see them. */
export function watchedChannels(): string[] {
  return [...channels.values()].filter(({ watched }) => watched).map(({ name }) => name);
}

/** Quantities of houses, weather and soil, by the beginnings of their names; the others are of vehicles. */
const CLIMATE =
  /^(air_|relative_humidity|leaf_|soil_|co2_|par_|global_|outside_|wind_speed|wind_from|vent_|screen_|heating_|substrate_|humidity_|pipe_|lamp_|longwave|radiation_sum|rain_|irrigation_|drain_|ventilation_)/;

export function isClimate(channel: string): boolean {
  return CLIMATE.test(channel);
}

/** Return the channels of houses, weather and soil. */
export function climateChannels(): string[] {
  return [...channels.keys()].filter(isClimate);
}
