"""What is known when a job ends: status, evidence, contradictions, side effects."""
