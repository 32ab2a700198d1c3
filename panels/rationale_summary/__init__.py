"""The rationale summary: what the language model said of all samples, and how the review goes."""
