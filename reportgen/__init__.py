"""Promotion-impact reports for every market: mixed models, certified, in HTML and PDF."""

__version__ = "0.1.0"
