"""What is seen: host, subtitles, product card and AI label."""
