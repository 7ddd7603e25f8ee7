"""Where what is set up once is kept: the user's cache directory."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from schemas.errors import SetupError

Say = Callable[[str], None]
"""Takes one line of progress, for a person to read."""


def cache_dir() -> Path:
    """``$HEADRACE_CACHE_DIR``, else ``headrace`` in ``$XDG_CACHE_HOME`` or ``~/.cache``."""
    if own := os.environ.get("HEADRACE_CACHE_DIR"):
        return Path(own).expanduser().absolute()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared).expanduser().absolute() if shared else Path.home() / ".cache") / "headrace"


def filled(directory: Path, fill: Callable[[Path], None]) -> Path:
    """Return ``directory``, after ``fill`` made its content if it is not there yet.

    It appears whole or not at all: ``fill`` writes beside it, and one rename puts it in place. Of several
    processes that come at once, one fills and the others wait for it.

    Raises:
        SetupError: the directory cannot be written, or the disk is full. What ``fill`` raises goes through.
    """
    if directory.exists():
        return directory
    partial = directory.with_name(f".{directory.name}.partial")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        with directory.with_name(f".{directory.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not directory.exists():
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                try:
                    fill(partial)
                    partial.rename(directory)
                finally:
                    shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise SetupError(_unwritable(directory, error)) from error
    return directory


def _unwritable(directory: Path, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"no space left for {directory}: free some, or set HEADRACE_CACHE_DIR to a larger disk"
    return f"cannot write {directory} ({error}): set HEADRACE_CACHE_DIR to a directory that you may write"
