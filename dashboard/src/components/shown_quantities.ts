// Channels and indices that parts of the page show, in their order, where the catalogue's own order or flags do not say it. The one table of
// names in the page, held by `tests/floors/test_page_tables.py`: units, names, decimals and what a quantity is good for are the catalogue's.

/** Values of a device's row in the list of the farm page: the first two that it has. */
export const ROW_VALUES: Readonly<Record<string, readonly string[]>> = {
  greenhouse: ["air_temperature_degc", "relative_humidity_pct"],
  drone: ["relative_altitude_m", "hopper_kg", "battery_remaining_pct"],
};
/** Newest values of a house; those of a vehicle are the catalogue's watched channels. */
export const HOUSE_VALUES = [
  "air_temperature_degc",
  "relative_humidity_pct",
  "co2_ppm",
  "par_umol_m2_s",
  "global_radiation_w_m2",
  "vent_open_pct",
  "leaf_temperature_degc",
];
/** The climate of a house now, on its card. */
export const CLIMATE_NOW = ["vpd_kpa", "dew_point_degc", "humidity_deficit_g_m3", "frost_point_degc"];
/** The table of a house's days. */
export const HOUSE_DAYS = [
  "air_temperature_degc",
  "relative_humidity_pct",
  "vpd_kpa",
  "dif_degc",
  "leaf_condensation_h",
  "leaf_condensation_doubtful_h",
  "cover_condensation_h",
  "condensation_margin_k",
  "degree_days_single_sine",
  "photoperiod_h",
];
/** What two seasons are compared by. */
export const SEASON_INDICES = ["air_temperature_degc", "relative_humidity_pct", "vpd_kpa", "degree_days_single_sine", "dif_degc"];
export const FORECAST = ["air_temperature_degc", "relative_humidity_pct", "leaf_condensation_margin_k", "cover_condensation_margin_k"];
export const WEATHER_DAYS = [
  "temperature_degc",
  "rain_mm",
  "radiation_mj_m2",
  "et0_fao56_mm",
  "et0_fao56_hourly_mm",
  "heat_hours_30_degc",
  "heat_hours_35_degc",
  "cold_hours_0_degc",
  "cold_hours_minus_2_degc",
  "degree_days_single_sine",
  "chill_hours",
  "late_blight_severity",
  "smith_period",
  "hutton_period",
];
/** Pairs of the charts of the weather by hour. */
export const WEATHER_HOURS = [
  ["temperature_degc", "humidity_pct"],
  ["global_radiation_w_m2", "wind_speed_m_s"],
];
/** What is forecast of an hour beside its rain. */
export const FORECAST_HOUR = ["temperature_degc", "wind_speed_m_s", "wind_gust_m_s", "humidity_pct", "cloud_cover_pct"] as const;
/** What the weather of an hour for spraying is judged by. */
export const WINDOW_HOUR = ["wind_speed_m_s", "air_temperature_degc", "relative_humidity_pct", "delta_t_k"] as const;
/** Flows that a flight is drawn with, and what is said of a moment of it. */
export const FLOWS = ["mass_flow_kg_min", "flow_l_min"];
export const SPEED = "ground_speed_m_s";
export const FLIGHT_MOMENT = [SPEED, "relative_altitude_m", ...FLOWS];
export const FLIGHT = ["latitude_deg", "longitude_deg", "heading_deg", "pump_on", ...FLIGHT_MOMENT];
