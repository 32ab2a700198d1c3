"""What to label next: policies, constraints, and what each number of picks buys."""
