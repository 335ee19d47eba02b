"""What is hidden of lab02: starting weights with a mean of zero."""
