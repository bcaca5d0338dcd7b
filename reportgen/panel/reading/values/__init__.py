"""Single columns as numbers, periods and currencies, and the conventions that hold for a whole source."""
