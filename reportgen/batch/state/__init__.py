"""What a run remembers and how it survives: files, lock, fingerprints, outcomes, run.json.

Nobody here knows what is in a report.
"""
