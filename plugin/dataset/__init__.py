"""The only place that knows FiftyOne: names, sets, reading and writing, and the steps on a dataset."""
