"""Behaviours, one AWS service or one aspect of it a module; all are imported at start."""
