"""The choice of what runs an embedding model: the fastest of those that agree with the reference.

The reference is the model as sentence-transformers runs it, by torch. OpenVINO runs an export of it, in whatever
precisions the CPU has. The first start loads the reference, exports, checks, measures and keeps the outcome in a
file; a later one reads that file, checks the vectors again, and needs no torch.
"""

from __future__ import annotations

import logging
import os
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from agents.embedder_check import COSINE, SENTENCES, Trial, fastest, known, least_cosine, texts_per_s
from agents.exported_model import ExportedModel, Kept, Known, identity, keep, recall
from agents.local_embedder import Encoder, LocalEmbedder
from agents.openvino_embedder import OpenVinoEncoder, export, precisions, processor
from agents.sentence_transformers_embedder import SentenceTransformersEncoder
from schemas.errors import SetupError

log = logging.getLogger(__name__)

TORCH = "torch"
OPENVINO = "openvino"


def spare_cores() -> int:
    """How many threads an embedder should have beside a worker's event loop: all cores but one, up to four.

    On two cores a second thread took a third more CPU for a short text (4.2 and 5.5 ms), which the loop then lacks.
    """
    return min(4, max(1, len(os.sched_getaffinity(0)) - 1))


async def load(path: str, *, name: str, cache: Path, threads: int | None = None) -> LocalEmbedder:
    """Start an embedding model on the fastest backend that agrees with the reference; the log says which and why.

    Args:
        path: a sentence-transformers model: a folder, or a name on the Hugging Face Hub.
        name: what its price card calls it.
        cache: the folder to keep the export in. Where it cannot be written, each start is as slow as the first.
        threads: how many cores one batch may use; :func:`spare_cores` by default.

    Raises:
        SetupError: there is no such model there.
    """
    chosen = partial(choose, path, cache=cache, threads=threads or spare_cores())
    return await LocalEmbedder.start(chosen, name=name)


def choose(path: str, *, cache: Path, threads: int) -> Encoder:
    """What :func:`load` runs in the embedder's thread. Raises SetupError."""
    try:
        device = processor()
    except SetupError as error:
        log.warning("embedding by torch, which is slow: %s", error)
        return SentenceTransformersEncoder.load(path, threads=threads)

    digest = _identity(path)
    if digest is not None:
        kept = recall(_file(cache, digest), _key(digest, device))
        encoder = kept and _again(kept, path, threads)
        if kept and encoder:
            log.info("embedding by %s, as the first start chose: %s", kept.choice, kept.why)
            return encoder

    reference = SentenceTransformersEncoder.load(path, threads=threads)
    encoder, kept = _first(reference, threads)
    log.info("embedding by %s, the fastest that agrees with the reference: %s", kept.choice, kept.why)
    digest = digest or _identity(path)  # a model of the Hub is there only now
    if digest is not None:
        try:
            keep(_file(cache, digest), _key(digest, device), kept)
        except OSError as error:
            log.warning("every start will be as slow as this one: the model's export cannot be kept: %s", error)
    return encoder


def _first(torch: SentenceTransformersEncoder, threads: int) -> tuple[Encoder, Kept]:
    """Export the model, try every backend, and choose."""
    reference = known(torch)
    encoders: dict[str, Encoder] = {TORCH: torch}
    cosines = {TORCH: 1.0}
    failed: list[Trial] = []
    model: ExportedModel | None = None
    try:
        model = export(torch.model)
    except SetupError as error:
        failed.append(Trial(OPENVINO, 0.0, 0.0, str(error)))
    for precision in precisions():
        if model is None:
            break
        backend = f"{OPENVINO} {precision}"
        try:
            encoders[backend] = OpenVinoEncoder(model, precision=precision, threads=threads)
            cosines[backend] = least_cosine(encoders[backend], reference)
        except RuntimeError as error:
            failed.append(Trial(backend, 0.0, 0.0, str(error)))
    speeds = texts_per_s({name: encoder for name, encoder in encoders.items() if cosines.get(name, 0.0) > COSINE})
    trials = [Trial(name, cosine, speeds.get(name, 0.0)) for name, cosine in cosines.items()] + failed
    choice = fastest(trials).backend
    kept = Kept(
        model=None if choice == TORCH else model,
        choice=choice,
        why="; ".join(map(str, trials)),
        reference=[Known.of(one) for one in reference],
    )
    return encoders[choice], kept


def _again(kept: Kept, path: str, threads: int) -> Encoder | None:
    """What the first start chose; None where it is not what it was then."""
    if kept.model is None:
        return SentenceTransformersEncoder.load(path, threads=threads)
    try:
        encoder = OpenVinoEncoder(kept.model, precision=kept.choice.removeprefix(f"{OPENVINO} "), threads=threads)
        cosine = least_cosine(encoder, [one.embedded() for one in kept.reference])
    except (RuntimeError, ValueError) as error:
        log.warning("the kept export of the embedding model is made anew: %s", error)
        return None
    if cosine <= COSINE:
        log.warning("the kept export of the embedding model is made anew: its cosine to the reference is %.5f", cosine)
        return None
    return encoder


def _identity(path: str) -> str | None:
    """A digest of the model in a folder, or of that name; None where it is not there, or not there yet."""
    folder = Path(path)
    try:
        if not folder.is_dir():
            from huggingface_hub import try_to_load_from_cache  # noqa: PLC0415

            found = try_to_load_from_cache(path, "modules.json")
            if not isinstance(found, str):
                return None
            folder = Path(found).parent
        return identity(folder) if (folder / "modules.json").is_file() else None
    except (OSError, ValueError):  # unreadable, or neither a folder nor a name
        return None


def _file(cache: Path, digest: str) -> Path:
    return cache / f"embedder-{digest[:16]}"


def _key(digest: str, device: str) -> str:
    """All that the export, the check and the measurement depend on."""
    libraries = [f"{name} {version(name)}" for name in ("openvino", "sentence-transformers", "tokenizers", "torch")]
    sentences = sha256("\0".join(SENTENCES).encode()).hexdigest()
    return "; ".join([digest, device, *libraries, sentences, str(COSINE)])
