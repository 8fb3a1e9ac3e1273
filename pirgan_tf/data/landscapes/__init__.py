"""Procedural landscape photographs, so that every stage runs without any download."""
