"""Which pixels to measure next."""
