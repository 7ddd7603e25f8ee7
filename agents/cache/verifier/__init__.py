"""The verifier: may a question be answered with the stored answer to another, where only the same answer will do?

It may accept what the cosine or the guards alone refuse: it knows synonyms, sees which word of the one question
stands for which of the other, and has seen many ways to put a question and many ways to turn it into another one. It
is trained on generated pairs only (`training.verifier`).
"""

from agents.cache.verifier.reading import Reading
from agents.cache.verifier.verifier import Verified, Verifier

__all__ = ["Reading", "Verified", "Verifier"]
