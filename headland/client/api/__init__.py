"""Each GET of the API as a method, and the records of its answers: generated from the API's document."""

from headland.client.api.async_reads import AsyncReads
from headland.client.api.reads import Reads

__all__ = ["AsyncReads", "Reads"]
