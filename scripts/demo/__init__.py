"""The demo drive, its feature cache and its Visual Spec."""
