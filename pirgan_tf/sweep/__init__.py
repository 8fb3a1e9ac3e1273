"""`reproduce`: all stages for a list of objectives, in this process, in several, or on Ray."""
