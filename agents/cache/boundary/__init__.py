"""The learned boundary of intent tasks: which cached answer to serve, by what checks have shown of the others.

A question's nearest entries vote on the answer (`evidence`). How often such a vote is wrong is a curve that starts
from what holds for questions in general (`prior`) and is learned from outcomes (`curve`), entry by entry where there
are enough of them (`boundary`). A limit on that risk is set so that the tenant's bound is kept (`pace`).
"""

from agents.cache.boundary.boundary import Boundary, Judged
from agents.cache.boundary.evidence import FLOOR, NEIGHBOURS, Neighbour

__all__ = ["FLOOR", "NEIGHBOURS", "Boundary", "Judged", "Neighbour"]
