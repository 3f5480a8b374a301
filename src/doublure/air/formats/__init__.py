"""The formats that packets travel in."""
