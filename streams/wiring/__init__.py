"""How a worker's parts are built and wired: one module a stage, called by :mod:`streams.app` alone."""
