"""Report of an enrolment: findings, scores, the rebuilt mouth, the page."""
