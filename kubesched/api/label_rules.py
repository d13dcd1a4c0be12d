"""The syntax of names, label keys and label values (apimachinery/pkg/util/validation, v1.34)."""

from __future__ import annotations

import re
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", re.ASCII)
_DNS_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DNS_SUBDOMAIN = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})*", re.ASCII)


@lru_cache(maxsize=65536)
def is_qualified_name(name: str) -> bool:
    """Tell whether a label key or resource name is well formed: at most 63 characters, with a DNS prefix or none."""
    prefix, slash, rest = name.rpartition("/")
    if slash and not is_dns_subdomain(prefix):
        return False
    return _NAME.fullmatch(rest) is not None


@lru_cache(maxsize=65536)
def is_label_value(value: str) -> bool:
    """Tell whether a label value is well formed: empty, or at most 63 characters."""
    return value == "" or _NAME.fullmatch(value) is not None


@lru_cache(maxsize=65536)
def is_dns_subdomain(name: str) -> bool:
    """Tell whether a name is a DNS subdomain of at most 253 characters, as objects are named."""
    return len(name) <= 253 and _DNS_SUBDOMAIN.fullmatch(name) is not None


@lru_cache(maxsize=4096)
def is_dns_label(name: str) -> bool:
    """Tell whether a name is a DNS label of at most 63 characters, as namespaces are named."""
    return len(name) <= 63 and "." not in name and is_dns_subdomain(name)
