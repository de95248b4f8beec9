"""How many mistakes a checker of gradients catches, and how often it raises a false alarm."""
