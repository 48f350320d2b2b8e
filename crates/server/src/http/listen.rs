//! Taking an address.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use crate::exit::Refusal;

/// Takes `address` for `what`, the key that names it.
pub(crate) fn listen(address: SocketAddr, what: &str) -> Result<TcpListener, Refusal> {
    let taken =
        TcpListener::bind(address).and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    taken.map_err(|error| refusal(address, what, &error))
}

fn refusal(address: SocketAddr, what: &str, error: &io::Error) -> Refusal {
    let remedy = match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "stop the program that uses the port (`ss -ltnp 'sport = :{}'` names it), or set another `{what}`",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => format!(
            "a port below 1024 needs a right of its own (CAP_NET_BIND_SERVICE); give it, or set another `{what}`"
        ),
        io::ErrorKind::AddrNotAvailable => format!(
            "this machine does not have the address; set `{what}` to one it has, or to 0.0.0.0 or [::] for all of them"
        ),
        _ => format!("set another `{what}`"),
    };
    Refusal::new(format_args!("cannot listen on {address}: {error}"), remedy)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[tokio::test]
    async fn operator_reads_that_a_port_is_in_use_and_by_whom_to_find_out() {
        let first = listen("127.0.0.1:0".parse().unwrap(), "server.listen").unwrap();
        let address = first.local_addr().unwrap();
        let refusal = listen(address, "server.listen").unwrap_err().to_string();
        assert!(
            refusal.contains(&format!("cannot listen on {address}: Address already in use")),
            "{refusal}"
        );
        assert!(
            refusal.contains(&format!("sport = :{}", address.port())) && refusal.contains("`server.listen`"),
            "{refusal}"
        );
    }

    #[test]
    fn operator_reads_that_the_machine_has_no_such_address() {
        // TEST-NET-1 of RFC 5737 belongs to no machine.
        let refusal = listen("192.0.2.1:8080".parse().unwrap(), "server.listen").unwrap_err().to_string();
        assert!(refusal.contains("does not have the address"), "{refusal}");
    }
}
