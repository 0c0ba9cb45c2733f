"""From a file and a function to a task, and from an answer to an edit."""
