"""Many markets: engine, manifest, run."""
