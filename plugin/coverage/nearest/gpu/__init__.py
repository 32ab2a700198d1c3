"""The same questions asked of a GPU, where torch sees one."""
