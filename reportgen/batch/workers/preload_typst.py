"""Imported once by the fork server instead of ``preload.py`` where Typst makes the documents."""

from reportgen.batch.workers.worker import die_with_parent, end_at_once, load_stack

die_with_parent()
end_at_once()
load_stack("typst")
