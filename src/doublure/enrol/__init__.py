"""Enrolment: footage and consent become a persona."""
