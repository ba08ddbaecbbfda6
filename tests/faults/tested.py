"""Claims about bad days and hostile input that one test each shows: what the reliability page lists beside the counts.

A row is the claim as a sentence, and `file::test`. That each test is there is checked by tests/toolkit/test_faults.py.
"""

from __future__ import annotations

TESTED: tuple[tuple[str, str], ...] = (
    (
        "Two runs at once in one project come to the same verdicts and leave nothing.",
        "tests/toolkit/test_lifecycle_engine.py::test_two_runs_at_once_in_one_project_do_not_disturb_each_other",
    ),
    (
        "An engine that goes away while building is one line and exit code 3.",
        "tests/toolkit/test_bad_days.py::test_an_engine_that_goes_away_while_building_is_exit_code_3",
    ),
    (
        "An engine whose disk is full is one line and exit code 3.",
        "tests/toolkit/test_bad_days.py::test_a_full_disk_is_the_engines_trouble",
    ),
    (
        "A board that is stopped answers what is in flight.",
        "tests/unit/test_board_process.py::test_sigterm_answers_what_is_in_flight",
    ),
)
