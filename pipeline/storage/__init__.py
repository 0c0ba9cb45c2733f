"""What is kept on disk between runs: where it lies, and how a torn file is told."""
