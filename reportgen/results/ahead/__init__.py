"""What is said of periods to come, and what became of it."""
