//! The checks of the book's exercises.
#![forbid(unsafe_code)]

use anyhow::{Result, ensure};
use bench::resilience::Stage;
use bench::resilience::client::{Client, serves};
use bench::resilience::shutdown::terminate;
use std::thread::sleep;
use std::time::Duration;

const STAGE: Stage = Stage::new(env!("CARGO_BIN_EXE_stage1-blocking"), 1, &[]);

/// Exercise 1.1. The server closes first, so its side of the connection stays in TIME_WAIT.
#[test]
fn a_server_takes_its_port_back_at_once() -> Result<()> {
    let mut server = STAGE.start(&[])?;
    serves(server.address())?;
    terminate(&mut server)?;
    let again = STAGE.start_on(&server.address().to_string(), &[])?;
    ensure!(again.address() == server.address(), "another port");
    Ok(())
}

/// Exercise 6.1. The client sends more than the server wants, and reads only then.
#[test]
fn a_refusal_can_be_read_to_its_end() -> Result<()> {
    let server = STAGE.start(&[])?;
    let mut client = Client::connect(server.address())?;
    client.send(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n");
    for _ in 0..20 {
        client.send(&[b'x'; 1000]);
        sleep(Duration::from_millis(5));
    }
    client.expect(413)?;
    client.expect_end()
}

/// Exercise 6.2. The first client leaves in the middle of its response; the second has asked for something else.
#[test]
fn nobody_gets_a_strangers_answer() -> Result<()> {
    let server = STAGE.start(&[])?;
    let mut leaving = Client::connect(server.address())?;
    leaving.get("/count/3000000");
    sleep(Duration::from_millis(200));
    // Closing with unread input resets the connection.
    drop(leaving);
    let body = Client::connect(server.address())?.fetch_ok("/")?;
    ensure!(body == b"Hello, World!", "{}", body.escape_ascii());
    Ok(())
}
