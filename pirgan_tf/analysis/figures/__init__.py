"""The figures of the paper and of a run."""
