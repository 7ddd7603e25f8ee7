"""Which files are which documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from schemas.errors import SetupError


class File(NamedTuple):
    """A file, and the document that it is."""

    path: Path
    document_id: str
    """The path below the folder that was named, with slashes; the name of a file that was named itself."""


def files(paths: Sequence[Path], suffixes: Collection[str], *, gone: bool = False) -> list[File]:
    """The files that are named, and those of the suffixes in the folders that are, in order. Hidden ones are left out.

    Args:
        paths: files and folders.
        suffixes: in small letters.
        gone: whether a path that leads nowhere is a document's id.

    Raises:
        SetupError: a path leads nowhere, or two files would be the same document.
    """
    found: dict[str, File] = {}
    for path in paths:
        if path.is_dir():
            below = _below(path, suffixes)
        elif path.exists():
            below = [File(path, path.name)]
        elif gone:
            below = [File(path, path.as_posix())]
        else:
            raise SetupError(f"{path} does not exist")
        for file in below:
            if file.document_id in found:
                raise SetupError(
                    f"{found[file.document_id].path} and {file.path} would both be document {file.document_id!r}: "
                    "name the folder that holds both"
                )
            found[file.document_id] = file
    return list(found.values())


def _below(folder: Path, suffixes: Collection[str]) -> list[File]:
    found = []
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in below.parts)
        if path.suffix.lower() in suffixes and path.is_file() and not hidden:
            found.append(File(path, below.as_posix()))
    return found
