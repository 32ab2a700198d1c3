"""FiftyOne as a store: names, sets, fields, vectors, runs, points."""
