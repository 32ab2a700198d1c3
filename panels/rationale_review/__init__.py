"""The rationale review: beside one sample in the App's modal, verdict, neighbours, decision."""
