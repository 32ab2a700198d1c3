"""The server that live clients sample pixels with, its protocol and its client."""
