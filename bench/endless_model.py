"""A model whose answers are as long as they are asked to be."""

from __future__ import annotations

import json
from pathlib import Path

_ENDS = {"generation_config.json": "eos_token_id", "tokenizer_config.json": "eos_token"}
"""Where vLLM looks for the tokens that end an answer."""


def endless(model: Path, directory: Path) -> Path:
    """Make a copy of a model's folder in ``directory`` that knows no end of an answer; its weights are linked.

    Greedy decoding in bfloat16 gives another text in another batch, and that one may end hundreds of tokens earlier:
    the work of two runs is the same only where every answer has all the tokens that it may have.
    """
    directory.mkdir()
    for file in model.iterdir():
        if file.name not in _ENDS:
            (directory / file.name).symlink_to(file.resolve())
    for name, field in _ENDS.items():
        kept = json.loads((model / name).read_text()) if (model / name).exists() else {}
        (directory / name).write_text(json.dumps(kept | {field: None}))
    return directory
