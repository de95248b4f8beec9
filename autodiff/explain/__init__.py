"""Recorded computations explained: each step forward and back as a formula, with its numbers."""
