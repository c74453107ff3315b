"""Answers of the simulated providers, for the tests of the adapters."""

from __future__ import annotations

from firmware_sim.greenhouse.place import JURONG
from firmware_sim.greenhouse.weather import Weather
from firmware_sim.weather import payloads
from firmware_sim.weather.payloads import Asked
from firmware_sim.weather.said import SaidForecast, say_forecast
from headland.formats.weather.met_norway import MET_NORWAY
from headland.formats.weather.open_meteo import OPEN_METEO
from headland.formats.weather.qweather import QWEATHER
from headland.units_of_time import HOUR_MS
from tests.formats.weather.contract import Case, query_of

ISSUED_MS = 1_800_000_000_000 // HOUR_MS * HOUR_MS
_PLACE = (31.95, 119.17)


def said(hours: int = 72, members: int = 0) -> SaidForecast:
    return say_forecast(Weather(JURONG, 3), 3, ISSUED_MS, ISSUED_MS, hours, members=members)


def met_case(product: str = "", *, units: str = "metric", hours: int = 80) -> Case:
    body = payloads.met_norway(said(hours), Asked(*_PLACE, {}, product), units=units)
    return Case(MET_NORWAY, query_of(MET_NORWAY, model=product), body)


def meteo_case(
    *, model: str = "", units: str = "metric", offset_s: int = 0, members: int = 0, unix: bool = True
) -> Case:
    query = query_of(OPEN_METEO, model=model)
    parameters = dict(OPEN_METEO.request(query, "").parameters)
    if not unix:
        parameters["timeformat"] = "iso8601"
    asked = Asked(*_PLACE, parameters)
    return Case(OPEN_METEO, query, payloads.open_meteo(said(members=members), asked, units=units, offset_s=offset_s))


def qweather_case(product: str = "72h") -> Case:
    query = query_of(QWEATHER, model=product, time_zone="Asia/Shanghai")
    if product.startswith("v1-"):
        return Case(QWEATHER, query, payloads.qweather_hours(said(80), 72))
    hours = 24 * int(product[:-1]) if product.endswith("d") else 1 + int(product[:-1])
    return Case(QWEATHER, query, payloads.qweather(said(hours), Asked(*_PLACE, {}, product)))


CASES = {
    "met-norway complete": met_case(),
    "met-norway compact": met_case("compact"),
    "open-meteo": meteo_case(),
    "open-meteo ensemble": meteo_case(model="ecmwf_ifs025_ensemble", members=4),
    "qweather by hour": qweather_case(),
    "qweather by day": qweather_case("7d"),
    "qweather version 1": qweather_case("v1-72h"),
}
