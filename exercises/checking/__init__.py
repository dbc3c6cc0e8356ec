"""Proofs: nothing reaches a learner before its key is checked."""
