"""Enrolment: makes a persona from footage and consent."""
