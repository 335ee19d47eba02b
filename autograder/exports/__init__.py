"""Grades out: nbgrader's export plugins for learning management systems and for analysis.

Each format is a module with one plugin, for `nbgrader export --exporter` and `autograder export`.
"""
