"""Python client of the API: typed records, pages, series as columns, and live values.

from headland.client import Client

with Client("http://127.0.0.1:8000") as farm:
    for device in farm.devices(kind="greenhouse"):
        print(device.name, farm.latest(device.id).channels)
"""

from headland.client.client import Client
from headland.client.errors import NotReachable, RequestRefused
from headland.client.records import Alarm, Answer, Device, Event, Gap, Gateway, Latest, News, Series, Value

__all__ = [
    "Alarm",
    "Answer",
    "Client",
    "Device",
    "Event",
    "Gap",
    "Gateway",
    "Latest",
    "News",
    "NotReachable",
    "RequestRefused",
    "Series",
    "Value",
]
