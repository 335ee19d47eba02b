"""What is hidden of lab10: receptive fields."""
