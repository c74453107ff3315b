"""Arrays in answers: JSON has them as lists, with null for NaN."""

from __future__ import annotations

from typing import Annotated, Any, Final

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from headland.agronomy.series.arrays import Times, Values


def _listed(items: dict[str, Any], depth: int = 1) -> Meta:
    for _ in range(depth - 1):
        items = {"type": "array", "items": items}
    return Meta(extra_json_schema={"type": "array", "items": items})


_INTEGER: Final = {"type": "integer"}
_NUMBER: Final = {"type": "number"}
_NUMBER_OR_NULL: Final = {"anyOf": [_NUMBER, {"type": "null"}]}

#: Numbers by row.
NumberColumn = Annotated[Values, _listed(_NUMBER_OR_NULL)]
#: Instants by row.
TimeColumn = Annotated[Times, _listed(_INTEGER)]
#: Integers by row.
IntegerColumn = Annotated[NDArray[np.int64], _listed(_INTEGER)]
#: Numbers by row from the south and column from the west; of the second, all are known.
NumberGrid = Annotated[Values, _listed(_NUMBER_OR_NULL, 2)]
KnownGrid = Annotated[Values, _listed(_NUMBER, 2)]
#: Codes in the same order.
CodeGrid = Annotated[NDArray[Any], _listed(_INTEGER, 2)]
