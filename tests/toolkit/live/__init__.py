"""What is shown on a real engine."""
