"""Which samples play S and U, which may be worked on, and what a form can offer."""
