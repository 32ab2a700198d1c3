"""The ``outputs/`` folder of an analysis: written from a dataset, read into one."""
