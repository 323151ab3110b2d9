//! The clinic's broker, inside this process, behind a gate that can be shut: the broker itself cannot be stopped.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rehab_hub::run;
use rumqttd::{Broker, Config, ConnectionSettings, RouterConfig, ServerSettings};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The broker is given this long to listen.
const START: Duration = Duration::from_secs(5);

/// Starts the broker on a free port of this machine; it ends with the process.
pub(super) async fn start() -> Result<SocketAddr> {
    // a port that is free now; the broker says nothing when it is not, so it is probed below
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.and_then(|free| free.local_addr());
    let address = address.context("no free TCP port on this machine")?;
    let mut broker = Broker::new(config(address));
    run::background("broker", move || {
        // nobody is left to tell: the probe below finds out
        let _ = broker.start();
    })
    .context("cannot start the broker's thread")?;
    let probe = async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(START, probe).await.is_err() {
        bail!("the broker does not answer on {address}; is another program taking that port? try again");
    }
    Ok(address)
}

fn config(listen: SocketAddr) -> Config {
    let connections = ConnectionSettings {
        connection_timeout_ms: 5000,
        max_payload_size: 4 << 20,
        max_inflight_count: 200,
        auth: None,
        external_auth: None,
        dynamic_filters: true,
    };
    let server =
        ServerSettings { name: "clinic".into(), listen, tls: None, next_connection_delay_ms: 1, connections };
    Config {
        id: 0,
        router: RouterConfig {
            max_connections: 16,
            max_outgoing_packet_count: 200,
            max_segment_size: 16 << 20,
            max_segment_count: 4,
            ..RouterConfig::default()
        },
        v5: Some(HashMap::from([("clinic".to_owned(), server)])),
        ..Config::default()
    }
}

/// A road that breaks: what went through it last arrives, but nobody hears of it for so long, and then it is cut.
const HALF_DEAD: Duration = Duration::from_millis(700);

/// The road to the broker. Shut, it first swallows the broker's answers, as a dying line does, and then cuts every
/// connection and takes no new ones.
pub(super) struct Gate {
    listener: TcpListener,
    broker: SocketAddr,
    open: watch::Receiver<bool>,
}

impl Gate {
    /// Before `broker`, as open as the watch says.
    pub(super) async fn new(broker: SocketAddr, open: watch::Receiver<bool>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free TCP port")?;
        Ok(Self { listener, broker, open })
    }

    /// Where the hub finds it.
    pub(super) fn port(&self) -> Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Lets traffic through, until whoever opens and shuts it is gone.
    pub(super) async fn serve(mut self) {
        let mut connections = FuturesUnordered::new();
        loop {
            let open = self.open.clone();
            tokio::select! {
                changed = self.open.changed() => {
                    if changed.is_err() {
                        return;
                    }
                }
                accepted = self.listener.accept() => {
                    if let Ok((hub, _)) = accepted
                        && *self.open.borrow()
                    {
                        connections.push(pass(hub, self.broker, open));
                    }
                }
                Some(()) = connections.next() => {}
            }
        }
    }
}

/// Carries one connection until either side ends it, or the gate shuts.
async fn pass(mut hub: TcpStream, broker: SocketAddr, open: watch::Receiver<bool>) {
    let Ok(mut broker) = TcpStream::connect(broker).await else { return };
    let (mut from_hub, mut to_hub) = hub.split();
    let (mut from_broker, mut to_broker) = broker.split();
    let shut = async |mut open: watch::Receiver<bool>| {
        // an error means that nobody will ever open it again
        let _ = open.wait_for(|open| !open).await;
    };
    let answers = async {
        tokio::select! {
            // either side may break off at any time; that is what the gate is for
            _ = tokio::io::copy(&mut from_broker, &mut to_hub) => {}
            () = shut(open.clone()) => tokio::time::sleep(HALF_DEAD).await,
        }
    };
    tokio::select! {
        _ = tokio::io::copy(&mut from_hub, &mut to_broker) => {}
        () = answers => {}
    }
}
