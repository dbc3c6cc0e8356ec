"""Grading on the worker's side: code is run, short answers are held against their rubric."""
