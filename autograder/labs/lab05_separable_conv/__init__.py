"""What is hidden of lab05: separable convolution."""
