"""Recorded computations and the table's rules as mathematics: expression trees, and how they are written."""
