"""Python client of the API: a farm with its things, frames that know their units, typed records, and live values.

import headland

with headland.connect("http://127.0.0.1:8000") as farm:
    print(farm.greenhouse("greenhouse-1").climate(last="7d", by="hour").pandas())
"""

from headland.client.client import Client
from headland.client.errors import NotReachable, RequestRefused, UnknownName
from headland.client.farm import AsyncFarm, Farm
from headland.client.records import Alarm, Answer, Device, Event, Gap, Gateway, Latest, News, Series, Value

__all__ = [
    "Alarm",
    "Answer",
    "AsyncFarm",
    "Client",
    "Device",
    "Event",
    "Farm",
    "Gap",
    "Gateway",
    "Latest",
    "News",
    "NotReachable",
    "RequestRefused",
    "Series",
    "UnknownName",
    "Value",
]
