"""CEL selectors: what the functions of Kubernetes say, and upstream's words where an expression fails."""

from __future__ import annotations

import json

import pytest

from kubesched.dra.cel import ERROR, NO, YES, evaluate
from kubesched.errors import UnsupportedError

GPU = 'device.attributes["gpu.example.com"]'
MEMORY = 'device.capacity["gpu.example.com"].memory'
ATTRIBUTES = {"model": ["s", "h100"], "index": ["i", 3], "healthy": ["b", True], "version": ["v", "1.10.0-rc.1"]}
CONTENT = json.dumps(["gpu.example.com", {"gpu.example.com": ATTRIBUTES}, {"gpu.example.com": {"memory": "40Gi"}}])


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        ('device.driver == "gpu.example.com"', True),
        (f"{GPU}.healthy", True),
        (f'{GPU}.model in ["a100", "h100"]', True),
        (f'"model" in {GPU}', True),
        (f"has({GPU}.nothing)", False),
        (f'{GPU}.?nothing.orValue("x") == "x"', True),
        ('"other" in device.attributes', False),
        ('has(device.attributes["other"].model)', False),
        ('device.attributes["other"].?model.orValue("x") == "x"', True),
        ('device.attributes["other"].model == "x" || true', True),
        (f"cel.bind(gpu, {GPU}, gpu.healthy && gpu.index > 2)", True),
        (f'{GPU}.exists(name, name == "index")', True),
        (f"{GPU}.index == 3.0", True),
        (f'{MEMORY} == quantity("40960Mi")', True),
        (f'{MEMORY}.compareTo(quantity("41Gi")) < 0', True),
        (f'{MEMORY}.isGreaterThan(quantity("39.5Gi"))', True),
        (f'{MEMORY}.sub(quantity("40Gi")).sign() == 0', True),
        (f"{MEMORY}.asInteger() == 42949672960", True),
        ('quantity("100m").asApproximateFloat() == 0.1 && !quantity("100m").isInteger()', True),
        ('isQuantity("1.3Gi") && !isQuantity("1Zi")', True),
        (f'{GPU}.version.isLessThan(semver("1.10.0"))', True),
        (f'{GPU}.version.isGreaterThan(semver("1.9.0"))', True),
        (f"{GPU}.version.minor() == 10", True),
        ('semver("v01.1", true) == semver("1.1.0")', True),
        ('semver("1.0.0-alpha.2").compareTo(semver("1.0.0-alpha.10")) == -1', True),
        ('semver("1.0.0-1").isLessThan(semver("1.0.0-a"))', True),
        ('isSemver("1.0.0+build") && !isSemver("1.0")', True),
        ('"a1b22".findAll("[0-9]+") == ["1", "22"] && "a1".find("[0-9]") == "1"', True),
        ("[1, 2, 3].sum() == 6 && [1, 2].isSorted() && [3, 1].min() == 1 && [3, 1].max() == 3", True),
        ("sets.contains([1, 2], [1]) && sets.intersects([1], [1, 2]) && !sets.equivalent([1], [1, 2])", True),
        ('"H100".lowerAscii() == "h100"', True),
    ],
)
def test_an_expression_that_holds_or_not(expression: str, want: bool) -> None:
    assert evaluate(expression, CONTENT) == (YES if want else NO, "")


@pytest.mark.parametrize(
    ("expression", "want"),
    [
        (f'{GPU}.nothing == "x"', "CEL runtime error: no such key: nothing"),
        ('device.attributes["other"].model == "x"', "CEL runtime error: no such key: model"),
        (f'{GPU}.model < 3', "CEL runtime error: no such overload"),
        (f"{GPU}.index / 0 == 1", "CEL runtime error: division by zero"),
        ("[1][1] == 1", "CEL runtime error: index out of bounds: 1"),
        ('quantity("x") == quantity("1")', "CEL runtime error: quantities must match the regular expression"),
        (f"{GPU}.index", "CEL runtime error: CEL result of type int could not be converted to bool"),
        ("device.driver", "CEL compile error: must evaluate to bool or the unknown type, not string"),
        ("1 +", "CEL compile error: compilation failed: ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>'"),
        ("nothing == 1", "CEL compile error: compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing'"
                         " (in container '')\n | nothing == 1\n | ^"),
        ("true &&\n device.nothing == 1", "CEL compile error: compilation failed: ERROR: <input>:2:8: undefined field"
                                          " 'nothing'\n |  device.nothing == 1\n | .......^"),
        ('quantity("1") < quantity("2")', "CEL compile error: compilation failed: ERROR: <input>:1:15: found no matching"
                                          " overload for '_<_' applied to '(kubernetes.Quantity, kubernetes.Quantity)'"),
        (f'{MEMORY}.isLessThan(semver("1.0.0"))', "CEL compile error: compilation failed: ERROR: <input>:1:53: found no"),
    ],
)  # fmt: skip
def test_an_expression_that_fails_has_upstreams_words(expression: str, want: str) -> None:
    code, error = evaluate(expression, CONTENT)
    assert code == ERROR
    assert error.startswith(want)


def test_a_function_that_is_not_there_yet_is_named() -> None:
    with pytest.raises(UnsupportedError, match="calls ip, which kubesched does not have yet"):
        evaluate('ip("10.0.0.1").family() == 4', CONTENT)
