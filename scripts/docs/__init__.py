"""What the documentation is made with; not in the wheel."""
