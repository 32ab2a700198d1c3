"""The operators: one file each, a form and an ``execute`` over the steps of ``plugin``."""

from .compute_embeddings import ComputeEmbeddings
from .stop import Stop

OPERATORS = (ComputeEmbeddings, Stop)
