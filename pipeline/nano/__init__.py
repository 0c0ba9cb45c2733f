"""The embedded model: its corpus, training and benchmark; at run time only its file."""
