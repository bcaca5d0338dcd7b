"""One file per family of charts."""
