"""The catalogue, its prices, and the rundown of the show."""
