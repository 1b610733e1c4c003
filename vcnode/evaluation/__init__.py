"""Measuring how close coloured clips come to the truth."""
