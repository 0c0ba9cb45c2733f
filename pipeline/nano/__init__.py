"""The embedded model: its file, its card and its benchmark; `pipeline/training/nano` makes them."""
