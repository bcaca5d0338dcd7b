"""Imported once by the fork server, for its side effect: what every market needs is loaded.

A fork server can only be told names of modules to import, hence a module that acts when imported. A
run that ends while this is still loading (a refused table) takes the fork server with it at once.
"""

from reportgen.batch.workers.worker import end_at_once, load_stack
from reportgen.system import die_with_parent

die_with_parent()
end_at_once()
load_stack(None)
