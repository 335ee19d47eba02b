"""What is hidden of lab01: why weights do not all start with zeros."""
