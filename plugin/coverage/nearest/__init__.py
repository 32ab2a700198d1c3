"""Which reference is nearest, exactly: the product, or less than the product."""
