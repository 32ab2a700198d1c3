"""The operators: one file each, a form and an ``execute`` over the steps of ``plugin``."""

from .check_spec import CheckSpec
from .compute_coverage import ComputeCoverage
from .compute_embeddings import ComputeEmbeddings
from .compute_heatmaps import ComputeHeatmaps
from .compute_sphere import ComputeSphere
from .export_artifacts import ExportArtifacts
from .export_reviews import ExportReviews
from .export_visual_spec import ExportVisualSpec
from .find_gaps import FindGaps
from .import_artifacts import ImportArtifacts
from .import_feature_cache import ImportFeatureCache
from .load_images import LoadImages
from .rank_gaps_by_failures import RankGapsByFailures
from .select_kcenter import SelectKCenter
from .simulate_adaptive_sampling import SimulateAdaptiveSampling
from .stop import Stop
from .train_sparse_transformer import TrainSparseTransformer

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
