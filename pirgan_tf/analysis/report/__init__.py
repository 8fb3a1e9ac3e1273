"""A report of finished runs as one page."""
