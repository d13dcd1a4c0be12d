"""The outcome of asking an extender that cannot be asked, or answers rubbish."""

from __future__ import annotations


class ExtenderFailure(Exception):
    """Upstream's text of what went wrong; never seen by callers of kubesched, who get it as a decision's message."""
