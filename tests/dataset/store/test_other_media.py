"""Samples that are no images: refused by every step before it writes, and joined by no image."""

import json

import fiftyone as fo
import gapsphere
import numpy as np
import pytest
from gapsphere.plugin.dataset.store.samples import flat
from gapsphere.plugin.errors import GapsphereError, InputError
from PIL import Image


def of_media(name):
    made = fo.Dataset()
    made.add_samples([fo.Sample(filepath=f"/made/{name}")], progress=False)
    return made


def grouped(name):
    made = fo.Dataset()
    made.add_group_field("group", default="one")
    element = fo.Group().element("one")
    made.add_samples([fo.Sample(filepath=f"/made/{name}", group=element)], progress=False)
    return made


@pytest.fixture
def boxes(dataset):
    def things():
        box = fo.Detection(label="car", bounding_box=[0, 0, 0.5, 0.5])
        return fo.Detections(detections=[box])

    dataset.add_samples(
        [fo.Sample(filepath=f"/made/{n}.png", kind=f"k{n % 2}", things=things()) for n in range(4)],
        progress=False,
    )
    return dataset


KINDS = {
    "patches": (lambda boxes: boxes.to_patches("things"), "view of patches"),
    "patches of a view": (lambda boxes: boxes.limit(2).to_patches("things"), "view of patches"),
    "grouped by a field": (lambda boxes: boxes.group_by("kind"), "grouped by a field"),
    "video": (lambda _: of_media("a.mp4"), "holds video samples"),
    "point cloud": (lambda _: of_media("a.pcd"), "holds point-cloud samples"),
    "3D scene": (lambda _: of_media("a.fo3d"), "holds 3d samples"),
    "unknown": (lambda _: of_media("a.xyz"), "unknown media type, .* ending of the file"),
    "groups of clouds": (lambda _: grouped("a.pcd"), "no slice of images"),
    "a name": (lambda _: "no such one", "Unknown dataset 'no such one'"),
    "a number": (lambda _: 7, "Pass a FiftyOne dataset or view, not int"),
}
STEPS = [
    "compute_embeddings",
    "compute_attributes",
    "compute_coverage",
    "select_kcenter",
    "compute_sphere",
    "place_on_sphere",
    "find_gaps",
    "compute_heatmaps",
    "export_visual_spec",
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_step_refuses_what_are_no_images_before_it_writes(boxes, kind):
    make, said = KINDS[kind]
    samples = make(boxes)
    for name in STEPS:
        with pytest.raises(GapsphereError, match=said):
            getattr(gapsphere, name)(samples, progress=False)
    for written in (boxes, samples):
        if isinstance(written, fo.Dataset):
            assert not written.list_runs()
            assert "embedding" not in written.get_field_schema()
    if isinstance(samples, fo.Dataset):
        samples.delete()


def load(dataset, folder):
    gapsphere.load_images(dataset, owned=str(folder / "a.png"), progress=False)


def import_cache(dataset, folder):
    (folder / "metadata.csv").write_text("file_name\na.png\n")
    gapsphere.import_feature_cache(dataset, str(folder), progress=False)


def import_folder(dataset, folder):
    for name in ("S", "U"):
        np.save(folder / f"umap3d_{name}.npy", np.eye(3, dtype=np.float32)[:1])
        (folder / f"paths_{name}.json").write_text(json.dumps([str(folder / f"{name}.png")]))
    np.save(folder / "nn_U_to_S.npy", np.ones(1, np.float32))
    (folder / "coverage.json").write_text('{"delta": 0.5}')
    gapsphere.import_artifacts(dataset, str(folder))


@pytest.mark.parametrize("add", [load, import_cache, import_folder])
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: of_media("a.mp4"), "holds video samples, and images cannot be added"),
        (lambda: of_media("a.pcd"), "holds point-cloud samples, and images cannot be added"),
        (lambda: of_media("a.fo3d"), "holds 3d samples, and images cannot be added"),
        (lambda: grouped("a.png"), "is grouped, and a file alone belongs to no group"),
    ],
    ids=["video", "point cloud", "3D scene", "grouped"],
)
def test_no_image_is_added_to_a_dataset_of_another_kind(tmp_path, add, make, said):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    made = make()
    with pytest.raises(InputError, match=said):
        add(made, tmp_path)
    assert len(flat(made)) == made._sample_collection.count_documents({}) == 1
    assert not made.list_runs()
    made.delete()


def test_the_same_folders_go_into_a_dataset_of_images(tmp_path, dataset):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    for added, add in enumerate([load, import_folder], start=1):
        add(dataset, tmp_path)
        assert len(dataset) >= added
