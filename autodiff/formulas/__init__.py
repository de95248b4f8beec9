"""The table's operations and rules as mathematics: expression trees, and how they are written."""
