"""Imported once by the fork server instead of ``preload.py`` where WeasyPrint makes the documents."""

from reportgen.batch.workers.worker import end_at_once, load_stack
from reportgen.system import die_with_parent

die_with_parent()
end_at_once()
load_stack("weasyprint")
