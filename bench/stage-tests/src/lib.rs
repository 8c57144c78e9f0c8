//! What the tests of every stage try on the running program, as one list of checks. A stage's `tests/suite.rs` names its
//! program and calls [`checks_of_every_stage!`]; what only some stages can do it adds with [`checks!`].
//!
//! The means are those of `bench::resilience`; [`brief`] has its checks, which `bench check` offers at full length. Nothing
//! here measures: a check passes or fails, and never for being slow. The error of a check names what went wrong.
#![forbid(unsafe_code)]

pub mod access_log;
pub mod attempts;
pub mod brief;
pub mod conformance;
pub mod edited_files;
pub mod fairness;
pub mod handlers;
pub mod idle_clients;
pub mod operator;
pub mod shutdown;
pub mod slow_clients;

/// One test for each line `name: check`, where `check` is called with the stage and returns a `Result`.
#[macro_export]
macro_rules! checks {
    ($stage:expr; $($name:ident: $check:expr,)*) => {
        $(
            #[test]
            fn $name() -> anyhow::Result<()> {
                ($check)(&$stage)
            }
        )*
    };
}

/// What holds for every stage.
#[macro_export]
macro_rules! checks_of_every_stage {
    ($stage:expr) => {
        use bench::resilience::replace;
        use $crate::{
            access_log, brief, conformance, fairness, handlers, idle_clients, operator, shutdown,
        };
        $crate::checks! { $stage;
            http_is_followed_to_the_letter: conformance::all_cases,
            time_outs_and_low_limits: conformance::low_limits,
            it_ends_and_loses_no_request: shutdown::each,
            idle_clients_do_not_hold_up_the_end: idle_clients::they_do_not_hold_up_the_end,
            clients_that_keep_their_side_open_hold_up_no_other:
                idle_clients::clients_that_keep_their_side_open_hold_up_no_other,
            clients_that_keep_their_side_open_give_way:
                idle_clients::clients_that_keep_their_side_open_give_way,
            another_takes_its_place_and_no_request_is_lost:
                |stage| replace::under_load(stage, replace::Handover::After, 5).map(drop),
            another_takes_over_beside_it_and_no_connect_is_refused:
                |stage| replace::under_load(stage, replace::Handover::Beside, 3).map(drop),
            a_handler_that_panics_costs_a_500: handlers::panics,
            a_body_that_stands_still_is_given_up: fairness::a_body_that_stands_still_is_given_up,
            without_descriptors_clients_wait_and_nothing_spins: brief::shortage,
            the_access_log_says_what_came: access_log::log_says_what_came,
            the_access_log_names_the_client_that_left: access_log::log_names_the_client_that_left,
            it_starts_whole_or_says_what_is_missing: operator::startup::each,
            its_standard_streams_need_no_reader: operator::standard_streams::each,
            a_log_is_rotated_and_no_line_is_lost: operator::log_rotation::each,
            a_log_that_cannot_be_written_waits_and_is_bounded: operator::slow_log::each,
            log_and_trace_are_whole_at_every_end: operator::at_exit::all_is_written,
            a_response_that_is_cut_has_its_line:
                operator::at_exit::a_response_that_is_cut_has_its_line,
        }
    };
}

/// What holds where an event loop serves many connections; after `checks_of_every_stage!`.
#[macro_export]
macro_rules! checks_of_event_loops {
    ($stage:expr) => {
        use $crate::{edited_files, slow_clients as slow};
        $crate::checks! { $stage;
            many_clients_at_once_leave_no_trace: |stage| conformance::many_clients(stage, 300),
            hostile_clients_hurt_no_other: brief::hostile_clients,
            edited_files_are_served_whole_and_fresh: edited_files::are_served_whole_and_fresh,
            connections_are_kept_as_long_as_they_may: brief::kept_connections,
            the_last_place_closes_no_other: idle_clients::the_last_place_closes_no_other,
            other_clients_wait_for_no_client: slow::beside_others,
            a_short_soak_leaves_nothing_behind: brief::soak,
            pipelines_share_the_loop: fairness::pipelines_share_the_loop,
            a_handler_takes_no_client_s_time: fairness::a_handler_takes_no_client_s_time,
            a_pause_of_the_machine_makes_no_client_late:
                |stage| fairness::a_pause_of_the_machine_makes_no_client_late(stage, 1200),
            clients_that_never_asked_go_first: idle_clients::clients_that_never_asked_go_first,
            clients_that_keep_their_side_open_go_first:
                idle_clients::clients_that_keep_their_side_open_go_first,
            a_time_out_is_counted_once: fairness::a_time_out_is_counted_once,
        }
    };
}
