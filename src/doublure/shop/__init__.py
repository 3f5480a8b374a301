"""What is sold, in which order, and what it earned."""
