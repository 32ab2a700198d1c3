"""The rationale summary: a language model's verdicts on all samples, and the review's progress."""
