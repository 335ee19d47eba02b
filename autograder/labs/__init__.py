"""What is hidden of each lab: one folder a lab, with its oracle, cases, tests and bank."""
