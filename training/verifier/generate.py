"""Pairs of questions with the answer to "will the same answer do?", made from the grammar and the edits."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from random import Random
from typing import NamedTuple

from agents.cache.verifier.words import Words
from training.verifier import edits, grammar
from training.verifier.grammar import Cluster, Unit, Variable
from training.verifier.lexicon import (
    facts,
    frames,
    occasions,
    offices,
    relations,
    rewordings,
    sayings,
    services,
    slots,
    tasks,
    things,
)
from training.verifier.lexicon import turns as reworded

DEV_SHARE = 5
"""Every fifth cluster of questions, and every fourth way to put each, is kept from training."""
# Too near each other to say that another answer is due.
_NEAR = [
    {"can", "allowed"}, {"cost", "charged"}, {"avoid", "stop"}, {"if done", "risks"}, {"if done", "benefits"},
    {"why not", "fails"}, {"how", "tools"}, {"how", "documents"}, {"should", "benefits"}, {"should", "risks"},
    {"benefits", "risks"}, {"if done", "if not done"}, {"can", "who"}, {"allowed", "who"}, {"difficulty", "how"},
]  # fmt: skip
# How a question is turned into another one, each as often as it is listed.
_TASK_TURNS = ("variable",) * 4 + ("unit",) * 2 + ("constraint", "swap") + ("edit",) * 3
_FACT_TURNS = ("variable",) * 3 + ("unit",) * 2 + ("swap",) * 2 + ("edit",) * 3
_TASK_FRAME = re.compile(r"\{[igyzop]\}")
_TO_YOU = (("my", "your"), ("me", "you"), ("I'm", "you're"), ("I've", "you've"), ("I", "you"), ("myself", "yourself"))


class Pair(NamedTuple):
    """Two questions, whether the same answer will do, and how the pair was made."""

    one: str
    other: str
    same: bool
    family: str


class _Task(NamedTuple):
    cluster: Cluster
    parts: tuple[str, ...]


class Generator:
    """Makes pairs; `held_out` ones are of clusters, templates and list items that the others never use.

    `turns` are of questions that are reworded as a whole; without it, of all others.
    """

    def __init__(self, words: Words, *, held_out: bool, turns: bool = False) -> None:
        self._changes = edits.Changes(words)
        self._held_out = held_out
        read = _slots()
        every = [
            *grammar.clusters(facts.FACTS + "\n" + things.THINGS, read, "fact"),
            *grammar.clusters(services.SERVICES + "\n" + offices.OFFICES, read, "service"),
            *grammar.clusters(sayings.SAYINGS + "\n" + occasions.OCCASIONS, read, "saying"),
        ]
        if turns:
            texts = (reworded.TURNS, rewordings.REWORDINGS, relations.RELATIONS)
            every = grammar.clusters("\n".join(texts), read, "turn")
        self._clusters = [each for at, each in enumerate(every) if self._mine(at)]
        self._tasks = [task for at, task in enumerate(_tasks(read)) if self._mine(at) and not turns]
        self._frames = {name: self._ways(ways) for name, ways in _frames().items()}
        constraints = grammar.unwrapped(frames.CONSTRAINTS).splitlines()
        self._constraints = [grammar.variable(c)[0] for at, c in enumerate(constraints) if self._mine(at)]
        self._slots = read

    def pairs(self, count: int, seed: int) -> Iterator[Pair]:
        """`count` pairs, half of which are the same question; the same for the same seed."""
        rng = Random(seed)
        made = 0
        while made < count:
            pair = self._pair(rng, same=made % 2 == 0)
            if pair is not None and pair.one.casefold() != pair.other.casefold():
                made += 1
                yield pair if rng.random() < 0.5 else Pair(pair.other, pair.one, pair.same, pair.family)

    def _mine(self, at: int) -> bool:
        return (at % DEV_SHARE == DEV_SHARE - 1) == self._held_out

    def _ways(self, ways: tuple[str, ...]) -> tuple[str, ...]:
        """Training lacks every fourth way to put a question; the held-out set has them all."""
        return ways if self._held_out or len(ways) < 4 else tuple(w for at, w in enumerate(ways) if at % 4 != 3)

    def _pair(self, rng: Random, *, same: bool) -> Pair | None:
        doing = rng.random() < 0.5 and self._tasks
        made = self._of_task(rng, same=same) if doing else self._of_cluster(rng, same=same)
        if made is None:
            return None
        one, other, family = made
        if not same and family == "edit":
            for kind, change in rng.sample(self._changes.kinds, len(self._changes.kinds)):
                changed = change(other, rng, self._held_out)
                if changed != other:
                    other, family = changed, kind
                    break
            else:
                return None
        if same or rng.random() < 0.5:
            one, other = (edits.dressed(text, rng, self._held_out) for text in (one, other))
        return Pair(one, other, same, family)

    # --- questions about doing something ---

    def _of_task(self, rng: Random, *, same: bool) -> tuple[str, str, str] | None:
        task = rng.choice(self._tasks)
        unit = rng.choice([*self._frames, "how", "how", "how", "can", "where", "cost", "how long", "need"])
        meant = grammar.meaning(task.cluster.variables, rng)
        constraint = rng.choice(self._constraints) if rng.random() < 0.35 else ("",)
        place = grammar.meaning(self._slots, rng)
        template = rng.choice(self._frames[unit])
        # Half of the pairs are put the same way, so that the wording alone says nothing.
        alike = rng.random() < (0.2 if same else 0.5)
        other_unit, other_meant, other_constraint, family = unit, dict(meant), constraint, "same"
        if not same:
            kind = rng.choice(_TASK_TURNS)
            family = kind
            if kind == "variable":
                _change(task.cluster.variables, other_meant, rng)
            elif kind == "unit":
                other_unit = rng.choice([u for u in self._frames if u != unit and {u, unit} not in _NEAR])
                alike = False
            elif kind == "constraint":
                other_constraint = rng.choice([c for c in [*self._constraints, ("",)] if c != constraint])
            elif kind == "swap" and not _swap(task.cluster, other_meant, rng):
                return None
        seed = rng.random()
        one = self._said(task, template, {**place, **meant}, constraint, rng=Random(seed))
        if not alike:
            template, seed = rng.choice(self._frames[other_unit]), rng.random()
        other = self._said(task, template, {**place, **other_meant}, other_constraint, rng=Random(seed))
        return None if one is None or other is None else (one, other, family)

    def _said(
        self, task: _Task, template: str, meant: grammar.Meaning, constraint: tuple[str, ...], *, rng: Random
    ) -> str | None:
        variables = {**self._slots, **task.cluster.variables}
        template = grammar.choose(template, rng)
        verb, thing, rest = (grammar.fill(part, variables, meant, rng) for part in task.parts)
        added = grammar.fill(rng.choice(constraint), variables, meant, rng)
        passive = "{p}" in template
        if ("{o}" in template) and not re.match(r"(my|an?|the)\b", thing):
            return None
        fronted = bool(added) and rng.random() < 0.2
        tail = f"{rest} {'' if fronted else added}".strip()
        head, _, particle = verb.partition(" ")
        doing = f"{particle} {thing} {'' if passive else tail}".strip()
        yours = _to_you(doing)
        filled = {
            "i": f"{head} {doing}", "g": f"{grammar.gerund(head)} {doing}", "y": f"{head} {yours}",
            "z": f"{grammar.gerund(head)} {yours}", "o": thing, "p": f"{grammar.participle(head)} {particle}",
        }  # fmt: skip
        text = _TASK_FRAME.sub(lambda match: filled[match[0][1]], template)
        if passive and tail:
            body = text.rstrip("?")
            text = f"{body} {tail}{text[len(body) :]}"
        elif "{o}" in template and tail and "{i}" not in template:
            return None
        if fronted:
            text = f"{added}, {edits.lowered(text)}"
        return grammar.tidy(text)

    # --- questions about how things are ---

    def _of_cluster(self, rng: Random, *, same: bool) -> tuple[str, str, str] | None:
        cluster = rng.choice(self._clusters)
        unit = rng.choice(cluster.units)
        ways = self._ways(unit.templates)
        meant = grammar.meaning(cluster.variables, rng)
        template = rng.choice(ways)
        alike = rng.random() < (0.2 if same else 0.5)
        other_unit, other_meant, family = unit, dict(meant), "same"
        if not same:
            family = rng.choice(_FACT_TURNS)
            if family == "variable":
                used = [name for name in grammar.used(unit.templates) if len(cluster.variables[name]) > 1]
                if not used:
                    return None
                _change({name: cluster.variables[name] for name in sorted(used)}, other_meant, rng)
            elif family == "unit":
                others = [u for u in cluster.units if u is not unit]
                if not others:
                    return None
                other_unit, alike = rng.choice(others), False
            elif family == "swap" and not _swap(cluster, other_meant, rng, unit):
                return None
        seed = rng.random()
        one = grammar.say(template, cluster.variables, meant, Random(seed))
        if not alike:
            template, seed = rng.choice(self._ways(other_unit.templates)), rng.random()
        return one, grammar.say(template, cluster.variables, other_meant, Random(seed)), family


def _change(variables: Mapping[str, Variable], meant: dict[str, int], rng: Random) -> None:
    name = rng.choice([name for name, values in variables.items() if len(values) > 1])
    values = variables[name]
    taken = {meant[other] for other in variables if variables[other] == values}
    meant[name] = rng.choice([at for at in range(len(values)) if at not in taken] or [(meant[name] + 1) % len(values)])


def _swap(cluster: Cluster, meant: dict[str, int], rng: Random, unit: Unit | None = None) -> bool:
    names = sorted(grammar.used(unit.templates)) if unit else list(cluster.variables)
    both = [
        (a, b) for at, a in enumerate(names) for b in names[at + 1 :] if cluster.variables[a] == cluster.variables[b]
    ]
    if cluster.symmetric or not both:
        return False
    one, other = rng.choice(both)
    meant[one], meant[other] = meant[other], meant[one]
    return True


def _to_you(text: str) -> str:
    for mine, yours in _TO_YOU:
        text = re.sub(rf"\b{mine}\b", yours, text)
    return text


@cache
def _slots() -> dict[str, Variable]:
    return {name: grammar.variable(values) for name, values in slots.text(slots.SLOTS).items()}


def _frames() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    ways: list[str] = []
    for line in grammar.unwrapped(frames.FRAMES).splitlines():
        if line.startswith("# "):
            found[line[2:]] = ways = []
        else:
            ways.append(line)
    return {name: tuple(ways) for name, ways in found.items()}


def _tasks(read: dict[str, Variable]) -> list[_Task]:
    found = []
    lines = grammar.unwrapped(tasks.TASKS).splitlines()
    for at, line in enumerate(lines):
        variables: dict[str, Variable] = {}

        def named(match: re.Match[str], variables: dict[str, Variable] = variables) -> str:
            values: list[tuple[str, ...]] = []
            for value in grammar.variable(match[1]):
                slot = re.fullmatch(r"\{(\w+)\}", value[0])
                values += read[slot[1]] if slot else [value]
            variables[f"v{len(variables)}"] = tuple(values)
            return "{v" + str(len(variables) - 1) + "}"

        text = re.sub(r"\[([^\]]*)\]", named, line)
        for used in re.findall(r"\{([a-z]+)\}", text):
            variables[used] = read[used]
        parts = [part.strip() for part in text.split(" / ")]
        label = f"task{at}"
        found.append(_Task(Cluster(label, variables, ()), (parts[0], parts[1], " ".join(parts[2:]))))
    return found
