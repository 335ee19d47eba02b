"""What is hidden of lab04: transposed convolution."""
