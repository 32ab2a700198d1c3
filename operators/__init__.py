"""The operators: a form and an ``execute`` over the steps of ``plugin``."""

from .check_spec import CheckSpec
from .export_visual_spec import ExportVisualSpec
from .load_images import LoadImages
from .sparse import SimulateAdaptiveSampling, TrainSparseTransformer
from .steps import (
    ComputeCoverage,
    ComputeEmbeddings,
    ComputeHeatmaps,
    ComputeSphere,
    ExportArtifacts,
    ExportReviews,
    FindGaps,
    ImportArtifacts,
    ImportFeatureCache,
    RankGapsByFailures,
    SelectKCenter,
)
from .stop import Stop

OPERATORS = (
    LoadImages,
    ComputeEmbeddings,
    ComputeCoverage,
    SelectKCenter,
    ComputeSphere,
    FindGaps,
    ComputeHeatmaps,
    ExportArtifacts,
    ImportArtifacts,
    ExportVisualSpec,
    CheckSpec,
    ImportFeatureCache,
    ExportReviews,
    RankGapsByFailures,
    SimulateAdaptiveSampling,
    TrainSparseTransformer,
    Stop,
)
