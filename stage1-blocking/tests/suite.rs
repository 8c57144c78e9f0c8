//! What this stage must survive, tried on the running program.
#![forbid(unsafe_code)]

use bench::resilience::Stage;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stage1-blocking");

const STAGE: Stage = Stage::new(PROGRAM, 1, &["--keep-alive", "always"]);

/// Connections are kept as long as no other client waits.
const FAIR: Stage = Stage::new(PROGRAM, 1, &["--keep-alive", "fair"]);

stage_tests::checks_of_every_stage!(STAGE);

stage_tests::checks! { STAGE;
    many_clients_at_once_leave_no_trace: |stage| conformance::many_clients(stage, 50),
    a_handler_that_blocks_stops_every_client: handlers::blocking_stops_every_client,
    after_hostile_clients_it_serves_as_before: brief::hostile_clients_pass,
    clients_that_wait_are_counted: |stage| fairness::clients_that_wait_are_counted(stage, &[]),
}

stage_tests::checks! { FAIR;
    busy_clients_give_way: fairness::busy_clients_give_way,
    a_client_that_leaves_frees_its_thread: fairness::a_client_that_leaves_frees_its_thread,
}
