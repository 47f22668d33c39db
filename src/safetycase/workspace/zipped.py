"""One file of a ZIP archive, also where Zstandard compressed it, as Inspect does with its logs."""

from __future__ import annotations

import importlib
import io
import zipfile
import zlib
from typing import Any, Final

__all__ = ["member"]

ZSTANDARD: Final = 93
"""The method by its number (APPNOTE 6.3.8, 4.4.5), which Python knows from 3.14 on."""
_HEADER: Final = 30
_ENCRYPTED: Final = 0x1


def member(data: bytes, name: str, *, most: int) -> bytes:
    """The bytes of the file `name` of an archive, checked against its CRC-32.

    Raises `ValueError` if it has more than `most` bytes, is damaged, or is compressed by what is
    not installed here; `zipfile.BadZipFile`, `KeyError` and `RuntimeError` as `zipfile` does.
    """
    archive = zipfile.ZipFile(io.BytesIO(data))
    info = archive.getinfo(name)
    if info.file_size > most:
        raise ValueError(f"it has more than {most // 1024 // 1024} MiB")
    if info.compress_type != ZSTANDARD or info.flag_bits & _ENCRYPTED:
        return archive.read(name)
    try:
        zstandard: Any = importlib.import_module("zstandard")
    except ImportError:
        raise ValueError(
            "it is compressed by Zstandard: pip install 'safetycase[inspect]' brings what reads it"
        ) from None
    start = _start(data, info)
    try:
        with zstandard.ZstdDecompressor().stream_reader(
            data[start : start + info.compress_size], read_across_frames=True
        ) as stream:
            found = bytes(stream.read(info.file_size + 1))
    except zstandard.ZstdError as error:
        raise ValueError(f"it is damaged: {error}") from None
    if len(found) != info.file_size or zlib.crc32(found) != info.CRC:
        raise ValueError("it is damaged: it is not what the archive says of it")
    return found


def _start(data: bytes, info: zipfile.ZipInfo) -> int:
    """Where the bytes of a file begin: after its own header, its name and what is added to that."""
    head = data[info.header_offset : info.header_offset + _HEADER]
    if head[:4] != b"PK\x03\x04" or len(head) < _HEADER:
        raise ValueError("it is damaged: the archive has no header where it names one")
    added = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    return info.header_offset + _HEADER + added
