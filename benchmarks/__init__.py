"""Our speed beside that of others, on the same work with the same numbers: see README.md."""
