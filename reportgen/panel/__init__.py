"""From a file to the arrays of one market."""
