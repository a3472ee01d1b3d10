"""A locustfile that cannot be loaded."""

raise RuntimeError("nobody can load this")
