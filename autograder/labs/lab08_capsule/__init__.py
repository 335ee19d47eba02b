"""What is hidden of lab08: capsules, and routing by agreement."""
