"""Claims about bad days and hostile input that one test each shows: what the reliability page lists beside the counts.

A row is the claim as a sentence, and `file::test`. That each test is there is checked by tests/toolkit/test_faults.py.
"""

from __future__ import annotations

TESTED: tuple[tuple[str, str], ...] = (
    (
        "Two runs at once in one project come to the same verdicts and leave nothing.",
        "tests/toolkit/live/test_lifecycle.py::test_two_runs_at_once_in_one_project_do_not_disturb_each_other",
    ),
    (
        "An engine that goes away while building is one line and exit code 3.",
        "tests/toolkit/live/test_bad_days.py::test_an_engine_that_goes_away_while_building_is_exit_code_3",
    ),
    (
        "So is one that is killed in the first second of a proof.",
        "tests/toolkit/live/test_bad_days.py::test_an_engine_that_is_killed_in_its_first_second_is_exit_code_3",
    ),
    (
        "A machine without a usable temporary folder is one line and exit code 3.",
        "tests/toolkit/live/test_bad_days.py::test_no_temporary_folder_is_one_line_and_exit_code_3",
    ),
    (
        "An engine that hangs from the start is one line and exit code 3 after ten seconds.",
        "tests/toolkit/live/test_hanging.py::test_an_engine_that_hangs_from_the_start_is_no_engine",
    ),
    (
        "What answers something else than Docker's API does is one line and exit code 3.",
        "tests/toolkit/engine/test_connection.py::test_an_answer_of_another_kind_is_the_engines_trouble",
    ),
    (
        "An engine that falls silent while building or booting is given up: one line and exit code 3.",
        "tests/toolkit/live/test_hanging.py::test_an_engine_that_falls_silent_is_given_up",
    ),
    (
        "An interruption ends within 15 s while the engine hangs, and says that it could not see all removed.",
        "tests/toolkit/live/test_hanging.py::test_a_signal_ends_the_command_in_time",
    ),
    (
        "A real daemon that the kernel has stopped is no worse; what it goes on with later is removed.",
        "tests/toolkit/live/test_hanging.py::test_a_stopped_daemon_is_such_an_engine",
    ),
    (
        "What a run had going ends with it after `kill -9`, without `/proc`.",
        "tests/toolkit/ground/test_process.py::test_what_we_had_going_ends_however_we_end",
    ),
    (
        "An engine whose disk is full is one line and exit code 3.",
        "tests/toolkit/live/test_bad_days.py::test_a_full_disk_is_the_engines_trouble",
    ),
    (
        "A container that ends just before it is killed has ended by itself.",
        "tests/toolkit/live/test_clocks.py::test_an_end_that_comes_before_the_kill_is_an_answer",
    ),
    (
        "A container that somebody else removes while it is being stopped is no error.",
        "tests/toolkit/live/test_clocks.py::test_a_container_that_is_removed_meanwhile_has_ended",
    ),
    (
        "An engine that hangs while a container is stopped makes its end unproven, not broken.",
        "tests/toolkit/live/test_clocks.py::test_an_engine_that_hangs_is_not_the_containers_slowness",
    ),
    (
        "What only a clock speaks against is tried again before it is called broken.",
        "tests/toolkit/facts/test_providers.py::test_what_only_a_clock_says_is_tried_again",
    ),
    (
        "A container that a busy machine gives no processor is waited for, and not accused of being late.",
        "tests/toolkit/live/test_clocks.py::test_a_container_that_gets_no_processor_is_not_late_by_itself",
    ),
    (
        "A program of the image that takes the place of python never gets more than `docker run` gives, and is not asked.",
        "tests/toolkit/live/test_sidecar.py::test_a_python_of_the_images_that_lies_is_never_asked",
    ),
    (
        "What looks at a container may read and nothing else, and an application that is root cannot look into it.",
        "tests/toolkit/live/test_sidecar.py::test_the_sidecar_may_read_and_nothing_else",
    ),
    (
        "An application that ends what looks at it is unproven.",
        "tests/toolkit/live/test_sidecar.py::test_an_application_that_ends_the_sidecar_is_not_seen",
    ),
    (
        "A base image that the project names is not trusted to look at the container from.",
        "tests/toolkit/live/test_sidecar.py::test_only_a_known_base_is_trusted",
    ),
    (
        "A run that ends while it makes a stand-in leaves no folder of it, and one that is killed none after the next run.",
        "tests/toolkit/host/test_standin_ending.py::test_it_ends_with_its_run",
    ),
    (
        "An interruption ends within 15 s while 50,000 files are copied, and says what it could not remove by then.",
        "tests/toolkit/test_size_of_projects.py::test_a_signal_is_heard_while_very_many_files_are_copied",
    ),
    (
        "A Dockerfile of 3,000 stages, or of 10,000 lines, is understood in a moment.",
        "tests/toolkit/test_size_of_projects.py::test_a_huge_dockerfile_is_understood_in_a_moment",
    ),
    (
        "Scripts of thousands of steps are found among as many lines that copy, in time that grows with these.",
        "tests/toolkit/test_size_of_projects.py::test_the_time_is_linear_in_the_files",
    ),
    (
        "An index of git's that unfolds when it is read takes neither memory nor time.",
        "tests/toolkit/project/test_git.py::test_an_index_whose_paths_stay_long_is_not_unfolded",
    ),
    (
        "A board that is stopped answers what is in flight.",
        "tests/unit/test_board_process.py::test_sigterm_answers_what_is_in_flight",
    ),
    (
        "A board answers while the network to its database hangs, its probes at once, and works again without a restart.",
        "tests/board/test_databases.py::test_a_network_that_hangs_stops_nobody",
    ),
    (
        "It does so while its database server is stopped.",
        "tests/board/test_databases.py::test_a_server_that_is_stopped_is_waited_for",
    ),
    (
        "It does so while somebody holds all of PostgreSQL's tables, and leaves nothing waiting there.",
        "tests/board/test_databases.py::test_locked_tables_stop_nobody_and_leave_nothing_waiting",
    ),
    (
        "It does so while another process has SQLite's file to itself.",
        "tests/board/test_databases.py::test_a_locked_file_stops_nobody",
    ),
    (
        "More requests than a board can work on, and idle connections, keep no probe out.",
        "tests/board/test_databases.py::test_as_many_requests_as_there_may_be_keep_no_probe_out",
    ),
    (
        "A `Host` header that names no host makes no route of the board fail.",
        "tests/unit/test_board_bad_input.py::test_a_host_that_is_none_stops_nothing",
    ),
    (
        "Nothing that a project is called, holds or is set to becomes a command to a CI service, or acts on a terminal.",
        "tests/toolkit/cli/test_output.py::test_no_command_hands_hostile_text_on",
    ),
    (
        "Neither does what a build or a container prints, nor what files in an image are called, in any format.",
        "tests/toolkit/live/test_output.py::test_what_is_proven_is_told_harmlessly_in_every_format",
    ),
    (
        "A project's name cannot leave the folder of reports.",
        "tests/toolkit/ground/test_text.py::test_a_file_name_is_one_that_any_file_system_takes",
    ),
)
