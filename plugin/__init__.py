"""What Gapsphere knows: encoders, coverage, projection, reports.  Only ``dataset`` imports FiftyOne."""
