"""What is hidden of lab03: dilated convolution."""
