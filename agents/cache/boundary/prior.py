"""What holds for questions in general: the curve to start from. Made by ``python -m training.boundary.fit``."""

from agents.cache.boundary.curve import Prior

PRIOR = Prior(
    mean=(-5.08, -0.11, 1.18, 0.64, -0.48),
    covariance=(
        (0.423, 0.056, -0.023, -0.09, 0.092),
        (0.056, 0.539, -0.07, -0.254, -0.003),
        (-0.023, -0.07, 0.043, 0.037, 0.001),
        (-0.09, -0.254, 0.037, 0.228, -0.004),
        (0.092, -0.003, 0.001, -0.004, 0.153),
    ),
)
