"""CEL selectors of devices: compiled once, evaluated once for each distinct device.

dynamic-resource-allocation/cel/compile.go (v1.34). The language itself is Google's C++ implementation, bound by
cel-expr-python. That binding cannot hold values of types of its own, so there are two environments: one whose types
are Kubernetes' checks an expression, one where quantities and versions are bytes runs it.

There: standard library and macros, has(), optional types, strings, cel.bind, quantity(), semver(), regex find, lists
(isSorted, sum, min, max) and sets. Not there: IP addresses, CIDRs, URLs, format, comprehensions
of two variables, the other functions of lists. There is no cost limit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_optional, ext_strings

from kubesched.dra.cel_functions import functions, quantity_value, semver_value
from kubesched.errors import UnsupportedError

NO, YES, ERROR = range(3)

_FIELDS = ("driver", "attributes", "capacity")
_STRING = re.compile(
    r"""[rR]?("""
    r"""'''.*?'''|\"\"\".*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")""",
    re.DOTALL,
)
_FIELD = re.compile(r"\bdevice\s*(\.)\s*([A-Za-z_]\w*)")
_MISSING = re.compile(
    r"\b(ip|isIP|cidr|isCIDR|url|isURL|format|authorizer|transformList|transformMap|transformMapEntry|existsOne|sortBy"
    r"|lists\.range|flatten|distinct|first|last|slice|reverse|sort|indexOf|lastIndexOf)\b\s*[(.]"
)
_CODE = re.compile(r"[A-Z_]+: ")
_NO_KEY = re.compile(r'Key not found in map : (?:"(.*)"|(.*))', re.DOTALL)


class Verdict(NamedTuple):
    """What a selector says of a device: NO, YES or ERROR; `error` is upstream's text."""

    code: int
    error: str = ""


class Selector(NamedTuple):
    """A compiled expression, or why there is none."""

    program: Any
    error: str


class Device(NamedTuple):
    """A device as an expression sees it; attributes and capacity are domain -> id -> value."""

    driver: str
    attributes: dict[str, dict[str, Any]]
    capacity: dict[str, dict[str, Any]]


def _environment(quantity: Any, semver: Any) -> Any:
    t = cel.Type
    return cel.NewEnv(
        None,
        variables={
            "device": t.Map(t.STRING, t.DYN),
            "device.driver": t.STRING,
            "device.attributes": t.Map(t.STRING, t.Map(t.STRING, t.DYN)),
            "device.capacity": t.Map(t.STRING, t.Map(t.STRING, quantity)),
        },
        functions=functions(quantity, semver),
        extensions=[ext_bindings.ExtBindings(), ext_strings.ExtStrings(), ext_optional.ExtOptional()],
    )


@lru_cache(maxsize=1)
def _environments() -> tuple[Any, Any]:
    t = cel.Type
    checker = _environment(t.AbstractType("kubernetes.Quantity"), t.AbstractType("kubernetes.Semver"))
    return checker, _environment(t.BYTES, t.BYTES)


@lru_cache(maxsize=4096)
def compile_selector(expression: str) -> Selector:
    """Compile an expression; one that upstream refuses has its message as `error`.

    Raises:
        UnsupportedError: it calls a function that is not there yet.
    """
    checker, runner = _environments()
    try:
        kind = checker.compile(expression).return_type()
        unknown = _unknown_field(expression)
        if unknown:
            return Selector(None, f"compilation failed: {unknown}")
        if kind not in (cel.Type.BOOL, cel.Type.DYN):
            name = kind.name().lower()
            return Selector(None, f"must evaluate to bool or the unknown type, not {name}")
        return Selector(runner.compile(expression), "")
    except RuntimeError as error:
        missing = _MISSING.search(_STRING.sub("''", expression))
        if missing:
            raise UnsupportedError(
                f"CEL expression {expression!r} calls {missing.group(1)}, which kubesched does not have yet"
            ) from None
        text = _CODE.sub("", str(error), count=1).removesuffix(" [INVALID_ARGUMENT]")
        return Selector(None, f"compilation failed: {text}")


def _unknown_field(expression: str) -> str:
    """Report a field that `device` does not have: the environments know the device as a map."""
    blank = _STRING.sub(lambda match: "'" + " " * (len(match.group()) - 2) + "'", expression)
    for match in _FIELD.finditer(blank):
        if match.group(2) not in _FIELDS:
            before = expression[: match.start(1)]
            line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
            text = expression.split("\n")[line]
            dots = "." * column
            return f"ERROR: <input>:{line + 1}:{column + 1}: undefined field '{match.group(2)}'\n | {text}\n | {dots}^"
    return ""


@lru_cache(maxsize=65536)
def read_device(content: str) -> Device:
    """Decode what slice_codec.py wrote of a device."""
    driver, attributes, capacity = json.loads(content)
    values: dict[str, Callable[[Any], Any]] = {"s": str, "i": int, "b": bool, "v": semver_value}
    return Device(
        driver,
        {
            domain: {name: values[kind](value) for name, (kind, value) in names.items()}
            for domain, names in attributes.items()
        },
        {domain: {name: quantity_value(value) for name, value in names.items()} for domain, names in capacity.items()},
    )


def evaluate(expression: str, content: str) -> Verdict:
    """Tell whether a device meets an expression.

    Args:
        expression: of a selector.
        content: the device, as slice_codec.py wrote it.

    Raises:
        UnsupportedError: as for `compile_selector`.
    """
    selector = compile_selector(expression)
    if selector.program is None:
        return Verdict(ERROR, f"CEL compile error: {selector.error}")
    device = read_device(content)
    attributes, capacity = device.attributes, device.capacity
    while True:
        value = selector.program.eval(data=_variables(device.driver, attributes, capacity))
        if value.type() != cel.Type.ERROR:
            break
        absent = _NO_KEY.search(str(value.value()))
        domain = absent.group(1) if absent else None
        if domain is None or (domain in attributes and domain in capacity):
            return Verdict(ERROR, f"CEL runtime error: {_runtime_error(str(value.value()))}")
        # A domain that the device lacks is an empty map to upstream.
        attributes, capacity = {domain: {}} | attributes, {domain: {}} | capacity
    if value.type() != cel.Type.BOOL:
        name = value.type().name().lower()
        text = f"CEL runtime error: CEL result of type {name} could not be converted to bool: " + (
            f"type conversion error from '{name}' to 'bool'"
        )
        return Verdict(ERROR, text)
    return Verdict(YES if value.value() else NO)


def _variables(driver: str, attributes: Any, capacity: Any) -> dict[str, Any]:
    return {
        "device": {"driver": driver, "attributes": attributes, "capacity": capacity},
        "device.driver": driver,
        "device.attributes": attributes,
        "device.capacity": capacity,
    }


def _runtime_error(text: str) -> str:
    """Put an error of the C++ implementation into the words of the Go one, where they differ."""
    text = _CODE.sub("", text, count=1)
    absent = _NO_KEY.search(text)
    if absent:
        return f"no such key: {absent.group(1) if absent.group(1) is not None else absent.group(2)}"
    if text.startswith("No matching overloads found"):
        return "no such overload"
    if text == "divide by zero":
        return "division by zero"
    index = re.fullmatch(r"Index error: index=(-?\d+) size=\d+", text)
    return f"index out of bounds: {index.group(1)}" if index else text
