"""Images and videos to unit vectors, in bounded memory."""
