"""The main job on a dataset: load, embed, coverage, K-Center, sphere, heatmaps."""
