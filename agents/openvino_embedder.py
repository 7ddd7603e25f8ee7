"""Embeddings by OpenVINO on the CPU: a sentence-transformers model exported once, and run without torch.

Short texts one at a time are what a cache asks for, and there the weights that have to be read count most: in bfloat16
they are half as many bytes. https://docs.openvino.ai describes the settings.
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from agents.embedding import Embedded, Vector
from agents.exported_model import ExportedModel
from schemas.errors import SetupError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PRECISIONS = {"bf16": "BF16", "f16": "FP16", "f32": "FP32"}
"""What to compute in, and what OpenVINO calls a CPU's ability to."""
LENGTHS = (16, 32)
"""Tokens to which a single text is padded, each with a compiled graph of its own.

Where every text has another length, adapting the graph to it takes as long as half of the computing: 2.3 ms a question
without these, 1.4 with them (two cores with AMX). Each graph packs the weights anew, which takes 35 MB.
"""
FIXED = 200_000_000
"""Bytes of weights up to which a model gets graphs of fixed lengths: of a larger one the copies take too much memory,
and computing takes most of the time anyway."""


def openvino() -> Any:
    """The library.

    Raises:
        SetupError: it is not installed.
    """
    # OpenVINO reports each import and conversion to its makers where this package is there. A worker tells nobody.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino  # noqa: PLC0415
    except ImportError as error:
        raise SetupError(f"OpenVINO is not installed ({error}): pip install openvino") from error
    return openvino


def precisions() -> list[str]:
    """Those of :data:`PRECISIONS` in which this CPU computes by instructions of its own. Raises SetupError."""
    able = openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return [precision for precision, name in PRECISIONS.items() if name in able]


def processor() -> str:
    """The name of the CPU, and what it can do. Raises SetupError."""
    core = openvino().Core()
    name, able = (core.get_property("CPU", of) for of in ("FULL_DEVICE_NAME", "OPTIMIZATION_CAPABILITIES"))
    return f"{name}: {', '.join(sorted(able))}"


def export(model: SentenceTransformer) -> ExportedModel:
    """Trace all modules of a model, from token ids to its vector and states. Takes seconds.

    Raises:
        SetupError: OpenVINO is not installed, or cannot express the model.
    """
    import torch  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415

    library = openvino()
    # Two texts of different length: were there no padding, the trace could do without the mask.
    example = dict(model.tokenizer(["two", "a longer text of a few words"], padding=True, return_tensors="pt"))
    inputs = list(example)

    class Traced(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            features = self.model(dict(zip(inputs, tensors, strict=True)))
            return features["sentence_embedding"], features["token_embeddings"]

    verbosity = logging.get_verbosity()
    try:
        logging.set_verbosity_error()
        with torch.inference_mode(), warnings.catch_warnings(), tempfile.TemporaryDirectory() as scratch:
            warnings.simplefilter("ignore")  # tracing warns of every branch; the check of the vectors is what counts
            converted = library.convert_model(Traced().eval(), example_input=tuple(example.values()))
            if len(converted.inputs) != len(inputs):
                raise SetupError(f"the model does not use all of {', '.join(inputs)}")
            path = Path(scratch) / "model.xml"
            library.save_model(converted, path, compress_to_fp16=False)
            graph, weights = path.read_bytes(), path.with_suffix(".bin").read_bytes()
    except Exception as error:
        raise SetupError(f"OpenVINO cannot express the model: {error}") from error
    finally:
        logging.set_verbosity(verbosity)
    return ExportedModel(
        graph=graph,
        weights=weights,
        inputs=inputs,
        tokenizer=model.tokenizer.backend_tokenizer.to_str(),
        padding=int(model.tokenizer.pad_token_id),
        dimensions=int(model.get_embedding_dimension()),
        window=int(model.max_seq_length),
    )


class OpenVinoEncoder:
    """An exported model on one CPU inference stream."""

    def __init__(self, model: ExportedModel, *, precision: str, threads: int) -> None:
        """Compile the model, which takes a fraction of a second.

        Args:
            model: as :func:`export` makes it.
            precision: one of :data:`PRECISIONS`.
            threads: how many cores one batch may use.

        Raises:
            SetupError: OpenVINO is not installed.
            RuntimeError: it cannot read or compile the model.
        """
        core = openvino().Core()
        settings = {
            "INFERENCE_PRECISION_HINT": precision,
            "INFERENCE_NUM_THREADS": threads,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            # Several workers on a machine would all pin themselves to the same cores.
            "ENABLE_CPU_PINNING": False,
        }
        graph = core.read_model(model.graph, model.weights)
        self._any = core.compile_model(graph, "CPU", settings).create_infer_request()
        self._single: dict[int, Any] = {}
        for length in LENGTHS if len(model.weights) <= FIXED else ():
            if length <= model.window:
                fixed = graph.clone()
                fixed.reshape({given: [1, length] for given in fixed.inputs})
                self._single[length] = core.compile_model(fixed, "CPU", settings).create_infer_request()
        self._inputs = model.inputs
        self.tokenizer = model.tokenizer
        self._tokenizer: Any = Tokenizer.from_str(model.tokenizer)
        self._tokenizer.enable_truncation(model.window)
        self._tokenizer.no_padding()
        self._padding = model.padding
        self.dimensions = model.dimensions
        self.window = model.window

    def encode(self, texts: Sequence[str]) -> list[Embedded]:
        """Embed texts, padded to the longest of them, or to one of :data:`LENGTHS`. Raises RuntimeError of OpenVINO."""
        encodings = self._tokenizer.encode_batch(texts)
        lengths = [len(encoding) for encoding in encodings]
        width, request = max(lengths), self._any
        if len(texts) == 1 and (fixed := next((length for length in self._single if length >= width), None)):
            width, request = fixed, self._single[fixed]
        fed = {
            "input_ids": np.full((len(texts), width), self._padding, dtype=np.int64),
            "attention_mask": np.zeros((len(texts), width), dtype=np.int64),
            "token_type_ids": np.zeros((len(texts), width), dtype=np.int64),
        }
        for row, (encoding, length) in enumerate(zip(encodings, lengths, strict=True)):
            fed["input_ids"][row, :length] = encoding.ids
            fed["attention_mask"][row, :length] = 1
        request.infer([fed[name] for name in self._inputs], share_inputs=True)
        vectors, states = (request.get_output_tensor(at).data for at in (0, 1))
        vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return [_one(*found) for found in zip(vectors, states, encodings, strict=True)]


def _one(vector: Vector, states: npt.NDArray[np.float32], encoding: Any) -> Embedded:
    own = [token for token, special in enumerate(encoding.special_tokens_mask) if not special]
    spans = tuple(encoding.offsets[token] for token in own)
    return Embedded(vector, len(encoding.ids), states[own].astype(np.float16), spans)
