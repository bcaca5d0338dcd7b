"""A user's project folder: started, looked at, repaired; its templates, recipes and the machine it runs on.

Building it is :mod:`reportgen.batch`.
"""
