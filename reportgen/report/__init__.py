"""From results to the content of a report: words, tables, charts."""
