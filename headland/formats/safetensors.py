"""Arrays of numbers as safetensors (github.com/huggingface/safetensors, `README.md`): a JSON header, then the bytes.

A page makes typed arrays of such a file without parsing its numbers.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

MEDIA_TYPE: Final = "application/octet-stream"
_NAMES: Final = {"<f4": "F32", "|u1": "U8"}
_ALIGNED: Final = 8


def write_safetensors(arrays: Mapping[str, NDArray[Any]], about: Mapping[str, str]) -> bytes:
    """Return a file with these arrays of float32 or uint8, and texts about them; the wider numbers come first."""
    widest_first = sorted(arrays.items(), key=lambda entry: -entry[1].itemsize)
    header: dict[str, object] = {"__metadata__": dict(about)}
    parts, end = [], 0
    for name, array in widest_first:
        part = np.ascontiguousarray(array)
        start, end = end, end + part.nbytes
        header[name] = {"dtype": _NAMES[part.dtype.str], "shape": part.shape, "data_offsets": (start, end)}
        parts.append(part.tobytes())
    text = orjson.dumps(header)
    # Padded, so that the numbers begin at a multiple of their width.
    text += b" " * (-len(text) % _ALIGNED)
    return b"".join((struct.pack("<Q", len(text)), text, *parts))
