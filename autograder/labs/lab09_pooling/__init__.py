"""What is hidden of lab09: pooling."""
