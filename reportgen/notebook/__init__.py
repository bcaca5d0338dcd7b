"""One market, or many, in an analyst's hands: asked, looked at, drawn and predicted without a project or files.

Numbers are those of a build of the same table and settings; documents, runs and projects are left to the rooms below.
"""
