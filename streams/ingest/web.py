"""HTML pages, without what every page of a site has."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag
from markdownify import MarkdownConverter

from streams.ingest.reading import Read

_NEVER = [
    "head",
    "title",
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "svg",
    "nav",
    "button",
    "input",
    "select",
    "textarea",
]
"""Elements that say nothing, or lead elsewhere."""
_AROUND = ["header", "footer", "aside"]
"""Elements that surround a page's content where nothing says which that is."""
_WHOLE = ("http:", "https:", "mailto:", "tel:")
"""How links begin that lead somewhere from any place."""


def page(raw: bytes) -> Read:
    """The main part of a page as Markdown. Links within the site are their text alone, pictures what they show."""
    soup = BeautifulSoup(raw, "html.parser")
    heading = soup.title or soup.h1
    title = heading.get_text() if heading else ""
    main = soup.find("main")
    content: Tag = main or soup.body or soup
    for element in content.find_all(_NEVER if main else _NEVER + _AROUND):
        element.decompose()
    for hidden in content.select("[hidden], [aria-hidden=true], [role=navigation]"):
        hidden.decompose()
    for picture in content.find_all("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    for link in content.find_all("a"):
        if not str(link.get("href") or "").startswith(_WHOLE):
            link.unwrap()
    converter = MarkdownConverter(
        heading_style="ATX", bullets="-", escape_asterisks=False, escape_underscores=False, table_infer_header=True
    )
    return Read(title, converter.convert_soup(content).strip(), {}, ())
