"""Reads what users give: one gate for each kind of file.

A gate checks the type and the size of a file before it loads it, then structure and
finiteness, and turns whatever a library raises into one `InputError`.
"""
