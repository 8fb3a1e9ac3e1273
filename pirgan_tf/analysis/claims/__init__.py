"""The paper's claims on its results, and whether a table agrees with each."""
