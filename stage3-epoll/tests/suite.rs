//! What this stage must survive, tried on the running program.
#![forbid(unsafe_code)]

use bench::resilience::Stage;
use stage_tests::slow_clients;

const STAGE: Stage = Stage::new(env!("CARGO_BIN_EXE_stage3-epoll"), 256, &[]);

stage_tests::checks_of_every_stage!(STAGE);
stage_tests::checks_of_event_loops!(STAGE);

stage_tests::checks! { STAGE;
    a_handler_that_blocks_stops_every_client: handlers::blocking_stops_every_client,
    slow_clients_that_keep_to_the_rules_are_served: slow_clients::each,
    sleepers_take_turns_with_others: fairness::sleepers_take_turns_with_others,
    a_request_does_not_wait_for_its_connection_to_be_accepted:
        fairness::a_request_does_not_wait_for_its_connection_to_be_accepted,
}
