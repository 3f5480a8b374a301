"""What enrolment tells: findings, scores, the rebuilt mouth, the report's page."""
