"""The site on this machine's own address: a server, and a watch that builds again on change.

It serves what a build has written and nothing else.
"""
