"""How the lexicon is written down: plain lists of words in text, read once at import."""


def words(text: str) -> frozenset[str]:
    """Return the white-space separated words of `text`."""
    return frozenset(text.split())


def table(text: str) -> dict[str, tuple[str, ...]]:
    """Return `left: word word` items, one a line or several between bars, as left -> words."""
    found: dict[str, tuple[str, ...]] = {}
    for line in text.strip().splitlines():
        for item in line.split("|"):
            left, _, right = item.partition(":")
            found[left.strip()] = tuple(right.split())
    return found


def groups(text: str) -> tuple[tuple[str, ...], ...]:
    """Return one group of words a line (several between bars)."""
    items = (item.split() for line in text.strip().splitlines() for item in line.split("|"))
    return tuple(tuple(item) for item in items if item)
