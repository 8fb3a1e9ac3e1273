"""The commands: flags in, files out.

The only modules that define flags, and the only ones that import several
components.
"""
