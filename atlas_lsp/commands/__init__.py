"""One module per `atlas` command: `add(subparsers)` declares it, its function runs it."""
