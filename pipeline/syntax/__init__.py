"""Python text: kept exactly, parsed in one guarded place, its literals and indentation."""
