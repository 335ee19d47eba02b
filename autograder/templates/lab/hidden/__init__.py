"""What is hidden of LAB_NAME: cases, oracle, tests, bank."""
