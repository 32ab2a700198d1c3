"""One frame after the other: sample, rebuild, read importance, sample again."""
