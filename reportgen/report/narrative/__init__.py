"""Every sentence of a report, from codes and numbers.

``writer`` holds the tools (translation, number formats, the record of printed facts); the other modules
hold words: ``summary`` (verdict, key figures, what to do), ``reasons`` (why a market has no estimate),
``sections`` (coefficients to impact), ``ordinary`` (ordinary regression), ``trust`` (checks), ``method`` (limits,
glossary).
Nothing here draws, lays out or computes statistics; a verdict is read from its code, never from a p-value.
"""
