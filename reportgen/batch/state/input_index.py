"""What is remembered of an input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class InputIndex:
    """Data hash and rows of every market, valid for exactly one input file and way of reading it."""

    key: str
    """Hash of the input's bytes and of everything that decides how they are read."""
    markets: Mapping[str, tuple[str, int]]
    """Market code → data hash, rows read; sorted by code."""
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Market code → code and message, for markets whose rows break the contract."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Market code → hash of its own files, where every market has its own."""
