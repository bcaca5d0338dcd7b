"""The data contract."""

from __future__ import annotations

from reportgen.panel.grid import MarketPanel, make_panel

__all__ = ["MarketPanel", "make_panel"]
