"""Bodies of BrAPI clients."""

import pytest

from api.brapi.requests import MethodBody, ScaleBody, TraitBody, ValidValuesBody, VariableBody, variable_of
from api.http.problems import ProblemError


@pytest.mark.parametrize("bound", ["nan", "inf", "-Infinity", "a lot"])
def test_a_scale_whose_bound_is_no_number_is_refused(bound: str) -> None:
    scale = ScaleBody(data_type="Numerical", valid_values=ValidValuesBody(minimum_value=bound))
    body = VariableBody(observation_variable_name="yield", trait=TraitBody(), method=MethodBody(), scale=scale)
    with pytest.raises(ProblemError, match="no number of the scale's range"):
        variable_of(body)
