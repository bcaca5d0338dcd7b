"""The settings: their sections, how reportgen.toml, environment and options are read, how the file is written.

What a setting does is known where it is used.
"""
