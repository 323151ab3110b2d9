//! One connection: a new rumqttc client, driven inside this task, until it ends.
//!
//! rumqttc's `poll()` is not cancel safe (a packet taken from its queue is lost when the future is dropped while the
//! socket is full), so one future is kept until it is ready, and everything else happens beside it.

use std::time::Duration;

use rumqttc::Transport;
use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{ConnAck, LastWill, LastWillProperties, Packet};
use rumqttc::v5::{AsyncClient, Event, EventLoop, MqttOptions};
use tokio::pin;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::fault::Fault;
use super::inflight::OutOfStep;
use super::payload::{self, CONTENT_TYPE};
use super::session::{Session, status_data};
use super::topics::{Kind, Topics};
use super::{ForwardParts, Memory, tls};

/// A ping every 10 s, and its answer before the next one: a dead link is known after 20 s.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// How long the broker keeps our session, and with it commands for us, while we are away.
const SESSION_EXPIRY_S: u32 = 30 * 24 * 3600;

/// The largest packet that we take: a plan fits many times.
const MAX_INCOMING: u32 = 256 * 1024;

/// Connecting, TLS and CONNACK must be done within this many seconds.
const CONNECT_TIMEOUT_S: u64 = 10;

/// Connects and forwards. `Ok` when it was asked to stop, and did.
///
/// # Errors
/// Whatever ended the connection.
pub(super) async fn run(
    parts: &ForwardParts,
    memory: &mut Memory,
    cancel: &CancellationToken,
) -> Result<(), Fault> {
    let broker = memory.reporter.broker();
    let key = format!("{}-{}", parts.wall.boot(), parts.wall.mono().micros() / 1000);
    let options = options(parts, &key)?;
    // Never full: no more than a window is ever handed over, beside status and disconnect.
    let (client, mut events) = AsyncClient::new(options, usize::from(parts.config.window) + 4);
    let connack = tokio::select! {
        connack = connect(&mut events, &broker) => connack?,
        () = cancel.cancelled() => return Ok(()),
    };
    let silence = keep_alive(&mut events, &connack);
    let mut session = Session::new(parts, memory, client, key, &connack, silence);
    let end = drive(&mut session, &mut events, &broker, cancel).await;
    session.ended(end.as_ref().err());
    end
}

async fn drive(
    session: &mut Session<'_>,
    events: &mut EventLoop,
    broker: &str,
    cancel: &CancellationToken,
) -> Result<(), Fault> {
    loop {
        let event = {
            let poll = events.poll();
            pin!(poll);
            loop {
                session.pump()?;
                let wake = session.wake();
                tokio::select! {
                    event = &mut poll => break event,
                    step = session.step() => session.take(step?)?,
                    () = sleep(wake) => session.check()?,
                    () = cancel.cancelled(), if !session.is_stopping() => session.stop(),
                }
                if session.is_over() {
                    return Ok(());
                }
            }
        };
        session.event(event.map_err(|error| Fault::from_rumqttc(error, broker, true))?)?;
        // A broker that refuses a publish leaves rumqttc waiting for ever for one that wanted the same packet id.
        if let Some(waiting) = &events.state.collision
            && session.just_refused() == Some(waiting.pkid)
        {
            return Err(OutOfStep(waiting.pkid).into());
        }
        if session.is_over() {
            return Ok(());
        }
    }
}

/// Until the CONNACK, which is the first event.
async fn connect(events: &mut EventLoop, broker: &str) -> Result<ConnAck, Fault> {
    loop {
        let event = events.poll().await.map_err(|error| Fault::from_rumqttc(error, broker, false))?;
        if let Event::Incoming(Packet::ConnAck(connack)) = event {
            return Ok(connack);
        }
    }
}

/// A broker may set the keep-alive; we ping as often as we like within it. Returns after how many seconds without a
/// packet the link counts as dead: rumqttc itself does not notice while it is stuck in a write.
fn keep_alive(events: &mut EventLoop, connack: &ConnAck) -> Duration {
    let set = connack.properties.as_ref().and_then(|properties| properties.server_keep_alive);
    let first = set.map_or(KEEP_ALIVE, |seconds| Duration::from_secs(seconds.into()));
    if first.is_zero() || first > KEEP_ALIVE {
        events.options.set_keep_alive(KEEP_ALIVE);
    }
    // rumqttc has armed its first ping with the broker's figure already.
    first.max(KEEP_ALIVE) + KEEP_ALIVE + Duration::from_secs(5)
}

fn options(parts: &ForwardParts, key: &str) -> Result<MqttOptions, Fault> {
    let config = &parts.config;
    let mut options = MqttOptions::new(parts.hub.id.as_str(), &config.host, config.port);
    options.set_clean_start(false);
    options.set_session_expiry_interval(Some(SESSION_EXPIRY_S));
    options.set_max_packet_size(Some(MAX_INCOMING));
    options.set_keep_alive(KEEP_ALIVE);
    options.set_connection_timeout(CONNECT_TIMEOUT_S);
    options.set_outgoing_inflight_upper_limit(config.window);
    options.set_last_will(will(parts, key));
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    if let Some(config) = &config.tls {
        options.set_transport(Transport::tls_with_config(tls::load(config)?));
    }
    Ok(options)
}

fn will(parts: &ForwardParts, key: &str) -> LastWill {
    let data = status_data(parts, false, None, 0);
    let properties = LastWillProperties {
        delay_interval: None,
        payload_format_indicator: Some(1),
        message_expiry_interval: None,
        content_type: Some(CONTENT_TYPE.into()),
        response_topic: None,
        correlation_data: None,
        user_properties: Vec::new(),
    };
    let topic = Topics::new(&parts.hub).of(Kind::Status);
    let message = payload::status(&parts.hub.id, key, u32::MAX, data);
    LastWill::new(topic, message, QoS::AtLeastOnce, Kind::Status.retained(), Some(properties))
}
