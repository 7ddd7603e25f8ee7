"""The names of reservations. Pure.

A request's is made of its id and the place of its publish in the log: a redelivery finds its own again, and a second
publish has another. A check of the cache spends beside the request that it belongs to, and so has its own.
"""

from __future__ import annotations

from schemas.records import Ticket


def reservation_of(ticket: Ticket) -> str:
    """What the ticket's spending is held under."""
    name = f"{ticket.request_id}@{ticket.origin}"
    return check_of(name) if ticket.check else name


def check_of(reservation: str) -> str:
    """The reservation of a check that belongs to the request of another."""
    return f"{reservation}/check"
