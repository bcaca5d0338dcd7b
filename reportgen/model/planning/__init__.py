"""Where the next promotion should go: the same total over other pharmacies, and what that is worth.

Effects and their draws come from :mod:`reportgen.model.effects`; words are the report's.
"""
