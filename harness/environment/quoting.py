"""Names and texts as SQL wants them, so that none is taken for more than it is."""

from __future__ import annotations


def identifier(*parts: str) -> str:
    """Quote a name, or a qualified one given in parts."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def literal(text: str) -> str:
    """Quote a text, whatever `standard_conforming_strings` is."""
    quoted = "'" + text.replace("'", "''") + "'"
    return quoted if "\\" not in text else "E" + quoted.replace("\\", "\\\\")
