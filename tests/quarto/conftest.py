"""Tests with the real program are collected where it is installed; all others play it by scripts."""

from __future__ import annotations

import shutil

collect_ignore = [] if shutil.which("quarto") else ["test_program.py"]
