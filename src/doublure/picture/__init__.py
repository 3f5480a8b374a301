"""The picture: host, subtitles, product card and AI label."""
