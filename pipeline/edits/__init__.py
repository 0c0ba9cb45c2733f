"""Small edits of a program, found and ranked without the model."""
