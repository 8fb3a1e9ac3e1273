"""Tests, effect sizes, linear models and diversity."""
