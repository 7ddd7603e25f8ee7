"""GPTCache at work, in an environment of its own: reads one JSON request a line, writes one JSON reply a line.

``python gptcache_worker.py FOLDER MODEL`` keeps its SQLite file and FAISS index in FOLDER and embeds by its SBERT class
with the sentence-transformers model in the folder MODEL. Without MODEL, each request brings its vector.

It is set up by GPTCache's own ``init_similar_cache``: SQLite, FAISS, SearchDistanceEvaluation, threshold 0.8.
It knows nothing of Headrace, whose dependencies contradict GPTCache's.
"""

import json
import sys
import time

import numpy as np
from gptcache import Cache
from gptcache.adapter.api import get, init_similar_cache, put
from gptcache.embedding.base import BaseEmbedding


class Given(BaseEmbedding):
    """Hands out the vector that came with the request."""

    def __init__(self, dimensions: int) -> None:
        self.vector = np.zeros(dimensions, dtype="float32")

    def to_embeddings(self, data, **_):  # noqa: D102
        return self.vector

    @property
    def dimension(self) -> int:  # noqa: D102
        return len(self.vector)


def main(folder: str, model: str = "") -> None:
    """Serve until the input ends."""
    given = Given(int(json.loads(sys.stdin.readline())["dimensions"]))
    if model:
        from gptcache.embedding.sbert import SBERT  # noqa: PLC0415

        embedding = SBERT(model)
    else:
        embedding = given
    cache = Cache()
    init_similar_cache(data_dir=folder, cache_obj=cache, embedding=embedding)
    replies = sys.stdout
    sys.stdout = sys.stderr
    for line in sys.stdin:
        request = json.loads(line)
        if request.get("vector"):
            given.vector = np.array(request["vector"], dtype="float32")
        cpu, began = time.process_time(), time.perf_counter()
        answer = None
        if "answer" in request:
            put(request["question"], request["answer"], cache_obj=cache)
        else:
            answer = get(request["question"], cache_obj=cache)
        took = {"ms": 1000 * (time.perf_counter() - began), "cpu_s": time.process_time() - cpu, "answer": answer}
        print(json.dumps(took), file=replies, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
