"""What a person takes away: plots and guides as files that open anywhere."""
