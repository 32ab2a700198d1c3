# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # First gaps
#
# Which images does a set **S** lack, and which candidates of a pool **U** should be labelled
# first? The steps of the README on a small drive that is rendered here, so nothing is downloaded.
# Open this file as a notebook with [Jupytext](https://jupytext.readthedocs.io), or run it.

# %%
import tempfile
from pathlib import Path

import fiftyone as fo
import gapsphere
from fiftyone import ViewField as F
from gapsphere.scripts.demo.drive import render_drive

folder = Path(tempfile.mkdtemp(prefix="gapsphere-"))
render_drive(folder, seed=51, images=(60, 90))
dataset = fo.Dataset()

# %% [markdown]
# ## Load
#
# One CSV names the images, the set each belongs to (`split`) and anything else you know. A column
# `sequence` says which frames were recorded together.

# %%
print(gapsphere.load_images(dataset, csv=str(folder / "metadata.csv")))
print(dataset.count_sample_tags())

# %% [markdown]
# ## Find gaps
#
# Embeddings, distances to S, K-Center picks and the sphere in a row. The packaged network needs no
# download; for real work pass `encoder="internvl", model_path=...`.

# %%
result = gapsphere.find_gaps(dataset, k=10, encoder="packaged")
result

# %% [markdown]
# Everything is on the samples. The picks in order, with the covering radius left after each:

# %%
picks = dataset.match_tags("kcenter").sort_by("kcenter_rank")
for sample in picks:
    print(sample.kcenter_rank, f"{sample.kcenter_radius:.3f}", Path(sample.filepath).name)

# %% [markdown]
# ## Look
#
# The farthest candidates, and what the metadata says of the gaps. `fo.launch_app(dataset)` shows
# them; Gap Explorer is in the panel menu.

# %%
far = dataset.match(F("is_gap")).sort_by("dist_to_S", reverse=True)
print(len(far), "gaps;", far.count_values("weather"))

# %% [markdown]
# ## Ask
#
# The panel's answer for one image, or for a place on the sphere where nothing is.

# %%
print(gapsphere.ask(dataset, sample=picks.first().id))
print(gapsphere.ask(dataset, place=(0.0, 0.0, 1.0)))

# %% [markdown]
# ## Write down what to collect

# %%
print(gapsphere.export_visual_spec(dataset, str(folder / "guide.zip"), candidates="kcenter"))

# %%
dataset.delete()
