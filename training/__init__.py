"""Where the weights that ship come from; one stage, one script. Not a part of the wheel."""
