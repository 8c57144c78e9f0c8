//! What this stage must survive, tried on the running program.
#![forbid(unsafe_code)]

use bench::resilience::Stage;
use stage_tests::slow_clients;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stage2-threadpool");

/// No response is the last because other clients wait.
const STAGE: Stage = Stage::new(PROGRAM, 64, &["--keep-alive", "always"]);

/// Connections are kept as long as no other client waits for their threads: `--keep-alive fair`, the default.
const FAIR: Stage = Stage::new(PROGRAM, 64, &[]);

stage_tests::checks_of_every_stage!(STAGE);

stage_tests::checks! { STAGE;
    many_clients_at_once_leave_no_trace: |stage| conformance::many_clients(stage, 300),
    a_handler_that_blocks_stops_no_client: |stage| handlers::blocking_stops_no_client(stage, &[]),
    after_hostile_clients_it_serves_as_before: brief::hostile_clients_pass,
    clients_that_wait_are_counted: |stage| fairness::clients_that_wait_are_counted(stage, &["--threads", "1"]),
    slow_clients_that_keep_to_the_rules_are_served: slow_clients::each,
    a_handler_takes_no_client_s_time: fairness::a_handler_takes_no_client_s_time,
    a_pause_of_the_machine_makes_no_client_late:
        |stage| fairness::a_pause_of_the_machine_makes_no_client_late(stage, 48),
    few_threads_are_named: |stage| operator::startup::few_threads(stage, 5),
}

stage_tests::checks! { FAIR;
    more_clients_than_threads_lose_nothing: idle_clients::more_clients_than_threads_lose_nothing,
    silent_clients_give_way: idle_clients::silent_clients_give_way,
    clients_that_never_asked_give_way: idle_clients::clients_that_never_asked_give_way,
    busy_clients_give_way: fairness::busy_clients_give_way,
    a_client_that_leaves_frees_its_thread: fairness::a_client_that_leaves_frees_its_thread,
    idle_clients_do_not_hold_up_the_end_of_fair_connections: idle_clients::they_do_not_hold_up_the_end,
    a_body_that_stands_still_ends_a_fair_connection: fairness::a_body_that_stands_still_is_given_up,
    a_time_out_is_counted_once: fairness::a_time_out_is_counted_once,
}
