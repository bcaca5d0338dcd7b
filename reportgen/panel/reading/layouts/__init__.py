"""From a table as it lies in its file to one row per market, pharmacy and period; and which column is what."""
