"""Tests that the system makes: proposed to the user, or its own for choosing."""
