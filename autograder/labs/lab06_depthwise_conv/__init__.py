"""What is hidden of lab06: depthwise convolution."""
