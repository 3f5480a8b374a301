"""Which comment is answered, with which words, and whether it is true."""
