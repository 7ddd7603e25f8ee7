"""What a supervisor asks a worker over HTTP: ``/livez``, ``/readyz``, and ``/metrics``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app

from schemas.errors import ServiceError


class Health:
    """Whether a worker can be sent work, and whether it is worth keeping.

    A worker is ready once its parts are started and it has joined its group, until it stops. It is alive as long as
    every part that is watched is; who asks is answered in a thread of its own.
    """

    def __init__(self) -> None:
        self.busy_with = "starting"
        """What keeps it from being ready; empty where nothing does."""
        self._watched: dict[str, Callable[[], bool]] = {}

    def watch(self, part: str, alive: Callable[[], bool]) -> None:
        """Ask a part, from now on, whether it can still do its work."""
        self._watched[part] = alive

    def not_alive(self) -> str:
        """Why the worker should be replaced; empty where it should not."""
        dead = [part for part, alive in self._watched.items() if not alive()]
        return f"dead: {', '.join(dead)}" if dead else ""

    def not_ready(self) -> str:
        """Why the worker cannot be sent work; empty where it can."""
        return self.not_alive() or self.busy_with


def serve(host: str, port: int, registry: CollectorRegistry, health: Health) -> None:
    """Answer supervisors and scrapes, in threads that end with the process.

    Raises:
        ServiceError: the port is taken.
    """
    metrics = make_wsgi_app(registry)

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        match environ["PATH_INFO"]:
            case "/livez":
                problem = health.not_alive()
            case "/readyz":
                problem = health.not_ready()
            case "/metrics" | "/":
                return cast(Iterable[bytes], metrics(environ, start_response))
            case _:
                start_response("404 Not Found", [("Content-Type", "text/plain")])
                return [b"there are /livez, /readyz and /metrics\n"]
        start_response("503 Service Unavailable" if problem else "200 OK", [("Content-Type", "text/plain")])
        return [f"{problem or 'ok'}\n".encode()]

    try:
        server = make_server(host, port, answer, _Server, _Handler)
    except OSError as error:
        raise ServiceError(f"metrics cannot be served on {host}:{port}: {error}; set HEADRACE_METRICS_PORT") from error
    threading.Thread(target=server.serve_forever, daemon=True, name="health").start()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing: a supervisor asks every few seconds."""
