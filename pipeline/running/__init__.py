"""Programs meet tests and inputs in the sandbox: judging, screening, the matrix."""
