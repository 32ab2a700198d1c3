"""Names of every field, tag and run that Gapsphere writes, in one place.

One ``suffix`` applies to them all (``embedding_dino``, ``kcenter_dino``), so that two analyses
live side by side on one dataset.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

OWNED_TAG = "S"
POOL_TAG = "U"
SEQUENCE = "sequence"
FRAME_NUMBER = "frame_number"


class Names:
    """The names of one analysis.

    >>> Names("dino").embedding
    'embedding_dino'
    """

    def __init__(self, suffix: str = "") -> None:
        self.suffix = suffix
        self.embedding = self._named("embedding")
        self.attributes = self._named("attributes")
        self.umap3d = self._named("umap3d")
        self.sphere = self._named("sphere")
        self.dist_to_S = self._named("dist_to_S")
        self.dist_percentile = self._named("dist_percentile")
        self.is_gap = self._named("is_gap")
        self.gap_verdict = self._named("gap_verdict")
        self.support = self._named("support")
        self.support_drives = self._named("support_drives")
        self.novelty = self._named("novelty")
        self.gap_card = self._named("gap_card")
        self.duplicate_tag = self._named("gap_duplicate")
        self.nearest_S = self._named("nearest_S")
        self.kcenter_rank = self._named("kcenter_rank")
        self.kcenter_radius = self._named("kcenter_radius")
        self.kcenter_tag = self._named("kcenter")
        self.look_at_tag = self._named("look_at")
        self.heatmap = self._named("heatmap")
        self.spec_verdict = self._named("spec_verdict")
        self.skipped_tag = self._named("skipped")
        self.reconstruction = self._named("reconstruction")
        self.reconstruction_error = self._named("reconstruction_error")
        self.psnr = self._named("psnr")
        self.ssim = self._named("ssim")
        self.n_samples = self._named("n_samples")
        self.importance = self._named("importance")
        self.importance_mean = self._named("importance_mean")
        self.scene_cut = self._named("scene_cut")
        self.measured = self._named("measured")
        self.is_hard = self._named("is_hard")
        self.brain_key = self._named("gapsphere")
        self.map_key = self._named("feature_cache")

    def run_key(self, step: str) -> str:
        """Key of the custom run that records ``step`` (``embeddings``, ``coverage``, ...)."""
        return self._named(f"gapsphere_{step}")

    def fields(self) -> list[str]:
        """Every field of an analysis."""
        other = "_tag", "_key", "suffix"
        return [name for kind, name in vars(self).items() if not kind.endswith(other)]

    def tags(self) -> list[str]:
        """Every tag of an analysis; those of S and U are the user's."""
        return [name for kind, name in vars(self).items() if kind.endswith("_tag")]

    def _named(self, name: str) -> str:
        return f"{name}_{self.suffix}" if self.suffix else name


def suffixes(keys: Iterable[str], base: str) -> list[str]:
    """Suffixes of the analyses among ``keys``, which are ``base`` or ``base_SUFFIX``; "" first.

    >>> suffixes(["gapsphere_dino", "other", "gapsphere"], "gapsphere")
    ['', 'dino']
    """
    start = f"{base}_"
    found = [key[len(start) :] for key in keys if key == base or key.startswith(start)]
    return sorted(found)


def shared_field(suffix: str) -> str:
    """A field of this suffix that is one of another suffix too, "" where there is none.

    Some fields begin with the name of another: ``support`` of the suffix ``drives`` is
    ``support_drives``.

    >>> shared_field("drives"), shared_field("drives_b"), shared_field("dino")
    ('support_drives', 'support_drives_b', '')
    """
    fields = Names().fields()
    for name, longer in product(fields, fields):
        own = f"{name}_{suffix}"
        if longer.startswith(f"{name}_") and f"{own}_".startswith(f"{longer}_"):
            return own
    return ""


class ReviewNames:
    """Fields of a feature cache: what a language model said of an image, what a person decided.

    ``model`` names one of several language models; the one whose files were named first has none.

    >>> ReviewNames("qwen").llm_score
    'llm_score_qwen'
    """

    file_name = "file_name"
    ground_truth = "ground_truth"
    sim_to_centroid = "sim_to_centroid"
    pct_rank_in_class = "pct_rank_in_class"
    is_bottom_5pct = "is_bottom_5pct"
    failure_rate = "failure_rate"
    failure_rank = "failure_rank"
    image_url = "image_url"
    of_files = (file_name, image_url)

    @staticmethod
    def tells_of_review(name: str) -> bool:
        """Whether a field is what a model or a person said of an image, and not of its scene.

        >>> ReviewNames.tells_of_review("llm_rationale_qwen"), ReviewNames.tells_of_review("slope")
        (True, False)
        """
        said = ("prediction_status", "llm_", "review_", *ReviewNames.of_files)
        return name.startswith(said)

    def __init__(self, model: str = "") -> None:
        self.model = model
        self.prediction_status = self._named("prediction_status")
        self.llm_score = self._named("llm_score")
        self.llm_rationale = self._named("llm_rationale")
        self.llm_raw = self._named("llm_raw")
        self.llm_problem = self._named("llm_problem")
        self.decision = self._named("review_decision")
        self.label = self._named("review_label")
        self.note = self._named("review_note")
        self.time = self._named("review_time")
        self.history = self._named("review_history")
        self.decided = (self.decision, self.label, self.note, self.time)

    def _named(self, name: str) -> str:
        return f"{name}_{self.model}" if self.model else name
