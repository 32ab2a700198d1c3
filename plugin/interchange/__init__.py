"""Gapsphere's results as plain files, in and out."""
