"""A small grammar of questions: what is asked (a meaning) and the many ways to say it (templates).

Notation: `(a|b)` is a choice that changes no meaning and may be nested; `{name}` is a variable. A variable's
values are separated by ` ~ `: another value is another question; `a|b` within a value are two ways to say it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from random import Random
from typing import NamedTuple

Variable = tuple[tuple[str, ...], ...]
"""The values of a variable, each with the ways to say it."""
Meaning = Mapping[str, int]
"""Which value each variable has."""

_CHOICE = re.compile(r"\(([^()]*)\)")
_VARIABLE = re.compile(r"\{(\w+)\}")
_SPACES = re.compile(r"\s+")
_BEFORE_SIGN = re.compile(r"\s+([,.?!:;]|'(?:s|re|m|ll|ve|d)\b)")
_AN = re.compile(r"\b(a)(?= (?:[aeio]|u[mnp][^i])[a-z])")


class Unit(NamedTuple):
    """One question: every template asks for the same."""

    name: str
    templates: tuple[str, ...]


class Cluster(NamedTuple):
    """Questions about the same things that want different answers."""

    name: str
    variables: Mapping[str, Variable]
    units: tuple[Unit, ...]
    symmetric: bool = False
    """Whether two variables of one kind may change places: "the difference between A and B"."""


def variable(text: str) -> Variable:
    """Read `a|b ~ c` as two values, the first of which can be said in two ways."""
    return tuple(tuple(way.strip() for way in value.split("|")) for value in text.split("~"))


def unwrapped(text: str) -> str:
    """The text with each line that begins with a space joined to the line before."""
    return re.sub(r"\n +", " ", text.strip())


def clusters(text: str, slots: Mapping[str, Variable], name: str) -> list[Cluster]:
    """Read blocks separated by blank lines: `name = values` lines, templates, and `--` between units."""
    found = []
    for at, block in enumerate(re.split(r"\n\s*\n", unwrapped(text))):
        variables: dict[str, Variable] = {}
        units: list[list[str]] = [[]]
        symmetric = False
        for raw in block.splitlines():
            line = raw.strip()
            head, sign, rest = line.partition(" = ")
            if sign and head.isidentifier():
                variables[head] = variable(rest)
            elif line == "--":
                units.append([])
            elif line == "symmetric":
                symmetric = True
            elif line:
                units[-1].append(line)
        for used in _VARIABLE.findall(block):
            if used not in variables:
                variables[used] = slots[used.rstrip("0123456789")]
        label = f"{name}{at}"
        read = tuple(Unit(f"{label}.{place}", tuple(unit)) for place, unit in enumerate(units))
        found.append(Cluster(label, variables, read, symmetric))
    return found


def meaning(variables: Mapping[str, Variable], rng: Random) -> dict[str, int]:
    """A value for each variable; variables of one kind get different ones."""
    chosen: dict[str, int] = {}
    for name, values in variables.items():
        taken = {chosen[other] for other in chosen if variables[other] == values and len(values) > 1}
        chosen[name] = rng.choice([at for at in range(len(values)) if at not in taken] or [0])
    return chosen


def say(template: str, variables: Mapping[str, Variable], meant: Meaning, rng: Random) -> str:
    """One way to say what is meant."""
    return tidy(fill(template, variables, meant, rng))


def fill(template: str, variables: Mapping[str, Variable], meant: Meaning, rng: Random) -> str:
    """The template with its choices made and its variables filled in, not yet tidied."""
    text = choose(template, rng)
    said: dict[str, str] = {}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in said:
            ways = variables[name][meant[name]]
            said[name] = choose(ways[0] if rng.random() < 0.5 else rng.choice(ways), rng)
        return said[name]

    while "{" in (text := _VARIABLE.sub(value, text)):
        pass
    return text


def choose(template: str, rng: Random) -> str:
    """The template with its choices made."""
    while "(" in template:
        template = _CHOICE.sub(lambda match: rng.choice(match[1].split("|")), template)
    return template


def tidy(text: str) -> str:
    """Single spaces, none before punctuation, "an" before a vowel, a capital at the start."""
    text = _BEFORE_SIGN.sub(r"\1", _SPACES.sub(" ", text).strip())
    text = _AN.sub("an", text)
    return text[:1].upper() + text[1:]


def used(templates: Sequence[str]) -> set[str]:
    """The variables that every one of the templates mentions."""
    return set.intersection(*({*_VARIABLE.findall(template)} for template in templates))


_IRREGULAR = {
    "get": "got", "buy": "bought", "send": "sent", "find": "found", "make": "made", "take": "taken", "write":
    "written", "set": "set", "put": "put", "build": "built", "sell": "sold", "keep": "kept", "choose": "chosen",
    "grow": "grown", "pay": "paid", "lend": "lent", "hide": "hidden", "freeze": "frozen", "withdraw": "withdrawn",
    "see": "seen", "bring": "brought", "give": "given", "break": "broken", "split": "split", "undo": "undone", "do":
    "done", "hold": "held", "read": "read", "teach": "taught", "catch": "caught", "wear": "worn", "feed": "fed",
    "cut": "cut", "reset": "reset", "have": "had", "leave": "left", "speak": "spoken", "lose": "lost", "drive":
    "driven", "begin": "begun", "tell": "told", "shut": "shut", "throw": "thrown", "redo": "redone", "overwrite":
    "overwritten", "eat": "eaten", "spend": "spent", "win": "won", "meet": "met", "hang": "hung", "lay": "laid",
    "let": "let", "sleep": "slept", "swim": "swum", "ride": "ridden", "fly": "flown", "draw": "drawn", "show":
    "shown", "cast": "cast",
}  # fmt: skip
_DOUBLED = frozenset(
    """get set put cut stop plan ban drop zip chop begin swim forget split run submit refer transfer cancel-not let
    win sit quit shut pin tag log reset skip ship trim scan swap map unzip admit permit commit""".split()  # noqa: SIM905
)


@cache
def gerund(verb: str) -> str:
    """Return the -ing form: "making" for "make"."""
    if verb in _DOUBLED:
        return verb + verb[-1] + "ing"
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    return verb + "ing"


@cache
def participle(verb: str) -> str:
    """Return the past participle: "made" for "make"."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if verb in _DOUBLED:
        return verb + verb[-1] + "ed"
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    return verb + "ed"
