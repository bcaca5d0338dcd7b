"""The statistics of one market, and across markets."""
