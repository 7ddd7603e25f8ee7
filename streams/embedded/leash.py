"""Run a server that must not outlive the process which asked for it, whatever ends that process.

``python leash.py PARENT_PID SCRATCH COMMAND…`` starts the command in a process group of its own and holds
standard input, a pipe from the parent. A ``T`` on it asks the command to end, a ``K`` kills the group. When the
pipe closes, or the parent's pid is no longer ours, the parent is gone: the command is asked, then the group killed
and the directory SCRATCH removed (an empty SCRATCH means there is none). Exits with the command's own status.

A pipe, not ``PR_SET_PDEATHSIG``: that one is Linux only, and fires when the *thread* that started the child
ends. The pid is looked at as well because a process forked from the parent may hold the pipe open after it.

Standard library only, and run by its path: it starts in a few milliseconds and needs nothing installed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time

LOOK_EVERY = 0.5
"""Seconds between looks at the parent's pid."""
GRACE = 5.0
"""Seconds from SIGTERM to SIGKILL once the parent is gone."""


class Leash:
    """One server, and the hand that ends it."""

    def __init__(self, parent: int, scratch: str, command: list[str]) -> None:
        self._parent = parent
        self._scratch = scratch
        self._server = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        self._orphaned = False

    def run(self) -> int:
        """Wait for the server, obeying the parent meanwhile; return its exit status."""
        for signum in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(signum, lambda *_: self._ask())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=self._obey, daemon=True).start()
        status = self._server.wait()
        self._kill()  # what the server itself had started
        if self._orphaned and self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)
        return status

    def _obey(self) -> None:
        while os.getppid() == self._parent:
            readable, _, _ = select.select([0], [], [], LOOK_EVERY)
            if not readable:
                continue
            order = os.read(0, 1)
            if not order:
                break
            if order == b"T":
                self._ask()
            else:
                self._kill()
        self._orphaned = True
        self._ask()
        time.sleep(GRACE)
        self._kill()

    def _ask(self) -> None:
        # Not the whole group: a worker drains with the help of the processes it started.
        self._server.terminate()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # it is gone; macOS says so by the second
            os.killpg(self._server.pid, signal.SIGKILL)


if __name__ == "__main__":
    try:
        sys.exit(Leash(int(sys.argv[1]), sys.argv[2], sys.argv[3:]).run())
    except OSError as failure:
        sys.exit(f"cannot run {sys.argv[3]}: {failure}")
