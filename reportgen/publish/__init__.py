"""What happens to finished reports: mail, preview, Quarto, object storage.

Nothing here estimates or writes a report; it takes complete folders of :mod:`reportgen.batch`.
"""
