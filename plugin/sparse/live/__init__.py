"""The server that live clients sample pixels with, and its protocol."""
