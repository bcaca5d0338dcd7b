"""Markets that depart from the model in one known way each, with their truth, for ``reality.py``."""
