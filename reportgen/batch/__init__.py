"""Many markets in one run: what is to do, who does it, what came out.

Statistics and documents are made by the stages below; mail, preview and storage are :mod:`reportgen.publish`.
"""
