"""Compilation before the workers begin: they find each module compiled, and compile none again."""

from __future__ import annotations

from pathlib import Path

import pytest
from _pytest.assertion import rewrite

from tests import compilation


@pytest.mark.parametrize("name", ["test_one.py", "conftest.py", "helper.py"])
def test_a_module_is_compiled_once_and_as_pytest_or_python_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, name: str
) -> None:
    monkeypatch.setattr(compilation, "ROOT", tmp_path)
    monkeypatch.setattr(compilation, "_config", request.config, raising=False)
    file = tmp_path / "tests" / name
    file.parent.mkdir()
    file.write_text("def test_it():\n    assert 1 + 1 == 3\n")
    assert not compilation.is_compiled(file)
    compilation._compile(file)
    assert compilation.is_compiled(file)
    if name == "helper.py":
        assert compilation.compiled_path(file).suffix == ".pyc"
        return
    code = rewrite._read_pyc(file, compilation.compiled_path(file))
    assert code is not None
    values: dict[str, object] = {}
    exec(code, values)
    with pytest.raises(AssertionError, match=r"assert \(1 \+ 1\) == 3"):
        values["test_it"]()  # type: ignore[operator]
