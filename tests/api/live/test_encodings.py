"""Compressed streams: what a client reads, and when."""

import gzip
import zlib

import pytest

from api.live.encodings import Gzip, encoding_for
from headland.store.port import SeriesKey
from tests.api.farm import OWN
from tests.api.live.streams import decoded, feed_of, publish, serving
from tests.waiting import PATIENCE_S


def test_a_compressed_stream_is_one_gzip_file_and_each_event_is_readable_when_it_arrives() -> None:
    feed = feed_of()
    for number in range(40):
        publish(feed, number, 600.0 + number, SeriesKey(OWN, "home", "greenhouse", f"gh-{number}", "co2_ppm"))
    with serving(feed) as client:
        raw: list[bytes] = []
        headers = {"Accept-Encoding": "gzip"}
        with client.stream("GET", "/v1/live", headers=headers, timeout=PATIENCE_S) as response:
            assert response.headers["content-encoding"] == "gzip"
            reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
            text = b""
            chunks = response.iter_raw()
            while text.count(b"event: ") < 2:
                raw.append(next(chunks))
                text += reader.decompress(raw[-1])
            publish(feed, 99, 700.0)
            while text.count(b"event: ") < 3:
                raw.append(next(chunks))
                text += reader.decompress(raw[-1])
            feed.close()
            raw.extend(chunks)
    assert gzip.decompress(b"".join(raw)) == text
    assert len(decoded(text)) == 3
    assert len(b"".join(raw)) * 4 < len(text)


@pytest.mark.parametrize(
    ("accepted", "is_compressed"),
    [
        ("", False),
        ("identity", False),
        ("gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip;q=0", False),
        ("GZIP; q=x", True),
    ],
)
def test_a_stream_is_compressed_for_whom_accepts_it(accepted: str, is_compressed: bool) -> None:
    assert isinstance(encoding_for(accepted), Gzip) is is_compressed
