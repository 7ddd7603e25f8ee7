"""Every reader, by the suffix of the files that it reads."""

from __future__ import annotations

from streams.ingest.markdown import markdown
from streams.ingest.pdf import pdf
from streams.ingest.reading import Reader, plain
from streams.ingest.tables import table
from streams.ingest.web import page

READERS: dict[str, Reader] = {
    ".md": markdown,
    ".markdown": markdown,
    ".html": page,
    ".htm": page,
    ".txt": plain,
    ".csv": table,
    ".tsv": table,
    ".pdf": pdf,
}
