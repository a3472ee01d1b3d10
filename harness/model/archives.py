"""What is in zip archives, in bounded memory."""

from __future__ import annotations

import io
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from harness.model.compression import LIMIT

FIRST_BYTES: Final = b"PK\x03\x04"
"""How a zip archive begins; so do documents that are made of one (xlsx, docx)."""
MOST_MEMBERS: Final = 1_000
"""Members that are opened of one archive; a small one can list millions."""


class Unfinished(Exception):
    """An archive was damaged, locked, or larger than what is opened of one."""


def members(
    data: bytes, *, limit: int = LIMIT, most: int = MOST_MEMBERS
) -> Iterator[bytes]:
    """Yield what is in the members of an archive, their names first.

    Args:
        data: The archive.
        limit: Most bytes to take out of it, all members together.
        most: Most members to open.

    Raises:
        Unfinished: There is more, or it cannot be read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            yield "\n".join(names).encode("utf-8", "surrogateescape")
            for name in names[:most]:
                with archive.open(name) as member:
                    content = member.read(limit + 1)
                if len(content) > limit:
                    yield content[:limit]
                    raise Unfinished
                limit -= len(content)
                yield content
            if len(names) > most:
                raise Unfinished
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,  # it needs a password
        NotImplementedError,
    ) as error:
        raise Unfinished from error
