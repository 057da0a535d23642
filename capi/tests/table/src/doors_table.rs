//! The table of doors.

use embedded_cors::{Door, DoorsRequest};

use super::doors::{DoorsSpec, Row, pair_parts, read};
use super::{Table, constant};

const ROWS: &str = include_str!("../../../../tests/doors.txt");
const PEERS: &str = include_str!("../../../../tests/doors/peers.txt");

/// Returns the flag of `ecors_doors_config` for a setting.
fn flag(setting: &str) -> &'static str {
    match setting {
        "ip-literals" => "ECORS_DOORS_IP_LITERALS",
        "localhost" => "ECORS_DOORS_LOCALHOST",
        "local-names" => "ECORS_DOORS_LOCAL_NAMES",
        "https" => "ECORS_DOORS_OVER_HTTPS",
        "require-origin" => "ECORS_DOORS_REQUIRE_ORIGIN",
        "enforce" => "ECORS_DOORS_ENFORCE",
        "isolate" => "ECORS_DOORS_ISOLATE",
        "isolate-same-site" => "ECORS_DOORS_ISOLATE_SAME_SITE",
        "misdirected" => "ECORS_DOORS_HOST_STATUS_421",
        "resource-policy" => "ECORS_DOORS_RESOURCES_SAME_ORIGIN",
        "trust-every-origin" => "ECORS_DOORS_DANGEROUSLY_TRUST_EVERY_ALLOWED_ORIGIN",
        "public-suffixes" => "ECORS_DOORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES",
        other => panic!("ecors_doors_config has no flag for {other}"),
    }
}

const fn door(door: Door) -> &'static str {
    match door {
        Door::Preflight => "ECORS_DOOR_PREFLIGHT",
        Door::WebSocket => "ECORS_DOOR_WEBSOCKET",
        Door::UnsafeMethod => "ECORS_DOOR_UNSAFE_METHOD",
        Door::SafeMethod => "ECORS_DOOR_SAFE_METHOD",
        Door::EventStream => "ECORS_DOOR_EVENT_STREAM",
        _ => "ECORS_DOOR_HOST",
    }
}

/// Returns the hosts as C lists them: a device's addresses are hosts too.
fn hosts(spec: &DoorsSpec) -> Vec<String> {
    let addresses = spec.addresses.iter().flatten();
    let bracketed = addresses.map(|address| match address {
        std::net::IpAddr::V4(address) => address.to_string(),
        std::net::IpAddr::V6(address) => format!("[{address}]"),
    });
    spec.hosts.iter().cloned().chain(bracketed).collect()
}

fn list(table: &mut Table, list: &[String]) {
    table.number(list.len());
    list.iter().for_each(|entry| table.bytes(entry));
}

pub fn table() -> Vec<u8> {
    let rows = [read(ROWS), read(PEERS)].concat();
    // In C an empty list of addresses cannot be told from none.
    let is_expressible = |row: &&Row| row.doors.addresses.as_ref().is_none_or(|list| !list.is_empty());
    let rows: Vec<&Row> = rows.iter().filter(is_expressible).collect();
    let mut table = Table(Vec::new());
    table.number(rows.len());
    for row in rows {
        list(&mut table, &row.doors.origins);
        table.number(u8::from(row.doors.has("credentials")));
        list(&mut table, &hosts(&row.doors));
        let flags = row.doors.flags.iter().filter(|flag| *flag != "credentials");
        table.number(flags.map(|name| constant(flag(name))).sum::<u32>());
        table.bytes(&row.head);
        match pair_parts(&row.head) {
            None => table.number(-1),
            Some(parts) => {
                table.number(parts.lines.len() as i64);
                table.bytes(parts.method);
                table.bytes(parts.target);
                table.number(u8::from(parts.is_http_1_0));
                for (name, value) in parts.lines {
                    table.bytes(name);
                    table.bytes(value);
                }
            }
        }
        row.doors.with(|doors| {
            let request = DoorsRequest::from_head(&row.head).unwrap();
            let decision = doors.decide(&request);
            let refusal = decision.refusal();
            table.number(constant(door(decision.door())));
            table.number(refusal.map_or(0, |refusal| refusal.reason().code()));
            let position = refusal.and_then(|refusal| refusal.position());
            let byte = position.map_or(-1, |position| position.index() as i64);
            table.number(byte);
            let mut buffer = vec![0; doors.max_response_len()];
            table.bytes(decision.write_fields(&mut buffer).unwrap());
            match decision.response() {
                None => table.number(0),
                Some(response) => {
                    table.number(response.status());
                    table.bytes(response.write(&mut buffer).unwrap());
                }
            }
        });
    }
    table.0
}
