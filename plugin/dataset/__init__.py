"""The only place that knows FiftyOne: names, sets, reading, writing, and the steps."""
