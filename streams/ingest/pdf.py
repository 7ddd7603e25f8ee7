"""PDF files: the text that is in them. What is a picture of text stays one."""

from __future__ import annotations

import io
import logging

from pypdf import PdfReader

from schemas.errors import InvalidRequestError
from streams.ingest.reading import Read

# It warns of every irregularity of a file; whether there is a text is what counts here.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def pdf(raw: bytes) -> Read:
    """The pages' text, one after another. Pages without any are noted.

    Raises:
        InvalidRequestError: it is broken, wants a password, or has no text on any page.
    """
    try:
        reader = PdfReader(io.BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise InvalidRequestError("wants a password: save it without one")
        texts = [page.extract_text().strip() for page in reader.pages]
        title = (reader.metadata and reader.metadata.title) or ""
    except InvalidRequestError:
        raise
    except Exception as error:  # a broken file can make it raise anything
        raise InvalidRequestError(f"is no PDF that can be read: {error}") from error
    bare = [str(number) for number, text in enumerate(texts, start=1) if not text]
    if len(bare) == len(texts):
        raise InvalidRequestError(f"has no text on any of its {len(texts)} pages, perhaps only pictures of it")
    notes = (f"no text on page {', '.join(bare)} of {len(texts)}, perhaps a picture of it",) if bare else ()
    return Read(title, "\n\n".join(filter(None, texts)), {}, notes)
