"""Imported once by the fork server, for its side effect: the whole stack is loaded.

A fork server can only be told names of modules to import, hence a module that acts when imported.
"""

from reportgen.batch.worker import load_stack

load_stack()
