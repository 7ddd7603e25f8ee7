"""``topics``: create them, and compare them with what they should be."""
# ruff: noqa: PLC0415 - what is slow to import waits for its command

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import typer

from streams.cli.output import Format, FormatOption, print_rows, say

if TYPE_CHECKING:
    from streams.client import Admin
    from streams.settings import Settings
    from streams.topics import TopicSpec

app = typer.Typer(no_args_is_help=True, help="Create Headrace's topics, or look at them.")


@app.command()
def create() -> None:
    """Create the topics that are not there yet, as the policy and the settings want them."""
    from streams import settings as of
    from streams.client import admin

    settings = of.load()

    async def make() -> list[str]:
        async with admin(settings) as client:
            return await client.create(wanted(settings), replication=settings.replication)

    made = asyncio.run(make())
    for name in made:
        say(f"created {name}")
    if not made:
        say("every topic is there")


@app.command("list")
def list_(form: FormatOption = Format.TABLE) -> None:
    """Show each topic, and whether it is as it should be."""
    from streams import settings as of
    from streams.client import admin

    settings = of.load()

    async def look() -> list[dict[str, object]]:
        async with admin(settings) as client:
            return await states(client, wanted(settings))

    print_rows(asyncio.run(look()), form, title=f"Topics on {settings.kafka}")


def wanted(settings: Settings) -> list[TopicSpec]:
    """The topics of this policy and these settings.

    Raises:
        SetupError: no policy is set, or it is wrong.
    """
    from agents import policy
    from streams import topics

    return topics.table(
        sorted(policy.load(settings.policy_file()).models),
        partitions=settings.partitions,
        replication=settings.replication,
        claim_horizon_ms=settings.claim_horizon_hours * topics.HOUR_MS,
    )


async def states(client: Admin, specs: list[TopicSpec]) -> list[dict[str, object]]:
    """Each topic that should be there, with what is the matter with it."""
    from streams.topics import THE_BROKERS, TIMES

    existing, configs = await client.existing(), await client.configs(spec.name for spec in specs)
    rows: list[dict[str, object]] = []
    for spec in specs:
        found = existing[spec.name].partitions if spec.name in existing else None
        times = configs.get(spec.name, {}).get(TIMES, THE_BROKERS)
        state = "ok"
        if found is None:
            state = "missing: headrace topics create"
        elif found != spec.partitions:
            state = f"has {found} partitions where HEADRACE_PARTITIONS says {spec.partitions}"
        elif times != THE_BROKERS:
            change = f"--alter --topic {spec.name} --add-config {TIMES}={THE_BROKERS}"
            mend = f"kafka-configs.sh --bootstrap-server … {change}"
            state = f"has times of its producers' clocks ({TIMES}={times}): {mend}"
        rows.append({"topic": spec.name, "partitions": found, "state": state})
    return rows
