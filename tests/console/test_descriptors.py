"""The limit of open files is raised at the start of a show and never lowered."""

from __future__ import annotations

import subprocess
import sys

import pytest

RAISED = """
import resource
from doublure.console import descriptors
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
descriptors.raise_limit()
print(descriptors.limit())
"""


@pytest.mark.parametrize(
    ("soft", "hard", "expected"), [(100, 512, 512), (512, 512, 512), (100, "hard", "highest")]
)
def test_the_limit_is_raised_as_far_as_it_may(soft: int, hard: int | str, expected: int | str) -> None:
    script = RAISED.format(soft=soft, hard=hard)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    if expected == "highest":
        assert 100 < int(ran.stdout) <= 65_536
    else:
        assert int(ran.stdout) == expected
