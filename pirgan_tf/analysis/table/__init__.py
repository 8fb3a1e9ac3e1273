"""results.csv and what it is gathered from."""
