"""Exact distances, the covering radius and δ, K-Center picks: arrays in, arrays out."""
