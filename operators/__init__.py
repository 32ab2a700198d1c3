"""The operators: a form and an ``execute`` over the steps of ``plugin``."""

from .deletion import DeleteAnalysis
from .results import Ask, ShowResults
from .sparse import SimulateAdaptiveSampling, TrainSparseTransformer
from .spec import CheckSpec, ExportVisualSpec
from .steps import (
    ComputeAttributes,
    ComputeCoverage,
    ComputeEmbeddings,
    ComputeHeatmaps,
    ComputeSphere,
    ExportArtifacts,
    ExportBudgetCurve,
    ExportGapCards,
    ExportReviews,
    FindGaps,
    ImportArtifacts,
    ImportFeatureCache,
    LoadImages,
    RankGapsByFailures,
    SelectCandidates,
    SelectKCenter,
    SummarizeGaps,
)
from .stop import Stop

OPERATORS = (
    LoadImages,
    ComputeEmbeddings,
    ComputeAttributes,
    ComputeCoverage,
    SummarizeGaps,
    ExportGapCards,
    SelectKCenter,
    SelectCandidates,
    ExportBudgetCurve,
    ComputeSphere,
    FindGaps,
    ShowResults,
    Ask,
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
    DeleteAnalysis,
    Stop,
)
