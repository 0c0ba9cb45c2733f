"""The nouns that every room shares: task, board, context, events, ledger, and how a model is asked and stopped."""
