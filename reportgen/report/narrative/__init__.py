"""Every sentence of a report, from codes and numbers.

The first page is ``summary`` and ``verdict``; what is withheld and why ``deciding``, the words of every check
``check_words`` and how they are read ``trust``. The tools (translation, number formats, printed facts) are
:mod:`reportgen.report.words.writer`.
Nothing here draws, lays out or computes statistics; a verdict is read from its code, never from a p-value.
"""
