//! What this stage must survive, tried on the running program.
#![forbid(unsafe_code)]

use bench::resilience::Stage;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stage4-epoll-threads");

const STAGE: Stage = Stage::new(PROGRAM, 256, &[]);

/// All loops watch one listener.
const EXCLUSIVE: Stage = Stage::new(PROGRAM, 256, &["--accept", "exclusive"]);

/// The kernel keeps connections until their clients have sent something.
const DEFERRED: Stage = Stage::new(PROGRAM, 256, &["--accept", "deferred"]);

stage_tests::checks_of_every_stage!(STAGE);
stage_tests::checks_of_event_loops!(STAGE);

stage_tests::checks! { STAGE;
    a_handler_that_blocks_stops_no_client:
        |stage| handlers::blocking_stops_no_client(stage, &["--threads", "1"]),
    a_full_pool_says_come_back_later: |stage| handlers::full_pool(stage, 64 + 1024),
    tasks_without_a_client_are_dropped: fairness::tasks_without_a_client_are_dropped,
    tasks_of_half_closed_clients_wait_for_the_others:
        fairness::tasks_of_half_closed_clients_wait_for_the_others,
    files_and_metrics_have_a_way_of_their_own: fairness::files_and_metrics_have_a_way_of_their_own,
    few_threads_are_named: |stage| operator::startup::few_threads(stage, 5),
    many_loops_need_descriptors_too:
        |stage| operator::startup::few_descriptors(stage, &["--threads", "8"]),
    two_servers_share_a_log: operator::log_rotation::two_servers_share_a_log,
}

stage_tests::checks! { EXCLUSIVE;
    loops_that_share_a_listener_accept_pause_and_resume:
        idle_clients::clients_that_never_asked_go_first,
}

stage_tests::checks! { DEFERRED;
    where_accepting_is_deferred_silent_clients_read_an_end:
        idle_clients::they_do_not_hold_up_the_end,
    where_accepting_is_deferred_another_takes_over_beside_it:
        |stage| replace::under_load(stage, replace::Handover::Beside, 3).map(drop),
}
