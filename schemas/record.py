"""What every record that travels is."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What every record is: immutable, built by keyword, compared by value."""
