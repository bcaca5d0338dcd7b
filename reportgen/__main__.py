"""``python -m reportgen`` is the same as ``reportgen``."""

from reportgen.cli import main

if __name__ == "__main__":
    main()
