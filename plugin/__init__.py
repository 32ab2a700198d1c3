"""What Gapsphere knows: encoders, coverage, projection, reports; ``dataset`` alone has FiftyOne."""
