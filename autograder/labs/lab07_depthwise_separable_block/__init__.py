"""What is hidden of lab07: the depthwise separable block."""
