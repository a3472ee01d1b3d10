"""Data directories that were provisioned once, kept to be cloned."""
