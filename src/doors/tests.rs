//! Tests of what the tables of `tests/` cannot say: pseudo-header fields, small buffers, mistakes
//! in the settings.

use std::net::{IpAddr, Ipv4Addr};

use crate::{
    Door, Doors, DoorsErrorKind, DoorsReader, DoorsRequest, Policy, Progress, Reason, ResourcePolicy, Rules,
};

static CORS: Policy = Policy::builder()
    .allow_origins(&["https://app.example.com"])
    .build_or_panic();
static DOORS: Doors = Doors::builder(&CORS)
    .allow_hosts(&["lamp.local"])
    .build_or_panic();

fn outcome(doors: &Doors, method: &str, fields: &[(&str, &str)]) -> (Door, Option<Reason>) {
    let request = DoorsRequest::from_fields(method, fields.iter().copied());
    let decision = doors.decide(&request);
    (
        decision.door(),
        decision.refusal().map(|refusal| refusal.reason()),
    )
}

#[test]
fn http_2_has_an_authority_an_equal_host_beside_it_or_a_host_alone() {
    for (fields, reason) in [
        (&[(":authority", "lamp.local")][..], None),
        (&[("host", "lamp.local")], None),
        (&[(":authority", "lamp.local"), ("host", "lamp.local")], None),
        (&[(":authority", "lamp.local"), ("host", "LAMP.local")], None),
        (
            &[(":authority", "lamp.local"), ("host", "lamp.local:443")],
            Some(Reason::HostDiffers),
        ),
        (
            &[
                (":scheme", "https"),
                (":authority", "lamp.local"),
                ("host", "lamp.local:443"),
            ],
            None,
        ),
        (
            &[
                (":scheme", "http"),
                (":authority", "lamp.local:80"),
                ("host", "lamp.local"),
            ],
            None,
        ),
        (
            &[
                (":scheme", "http"),
                (":authority", "lamp.local"),
                ("host", "lamp.local:443"),
            ],
            Some(Reason::HostDiffers),
        ),
        (
            &[(":authority", "lamp.local"), ("host", "stranger.example")],
            Some(Reason::HostDiffers),
        ),
        (
            &[(":authority", "stranger.example"), ("host", "lamp.local")],
            Some(Reason::HostDiffers),
        ),
        (
            &[(":authority", "lamp.local"), (":authority", "lamp.local")],
            Some(Reason::HostRepeated),
        ),
        (&[(":authority", "a@lamp.local")], Some(Reason::HostMalformed)),
        (&[(":authority", "")], Some(Reason::HostMalformed)),
        (
            &[(":authority", "stranger.example")],
            Some(Reason::HostNotAllowed),
        ),
        (&[(":path", "/")], Some(Reason::HostMissing)),
    ] {
        assert_eq!(outcome(&DOORS, "GET", fields).1, reason, "{fields:?}");
    }
}

#[test]
fn a_handshake_in_http_2_is_connect_with_a_protocol() {
    let host = (":authority", "lamp.local");
    let stranger = ("origin", "https://stranger.example");
    for (method, protocol, door) in [
        ("CONNECT", "websocket", Door::WebSocket),
        ("CONNECT", "WebSocket", Door::WebSocket),
        ("CONNECT", "webtransport", Door::UnsafeMethod),
        ("POST", "websocket", Door::UnsafeMethod),
        ("GET", "websocket", Door::SafeMethod),
    ] {
        let fields = [host, (":protocol", protocol)];
        assert_eq!(
            outcome(&DOORS, method, &fields),
            (door, None),
            "{method} {protocol}"
        );
        let fields = [host, (":protocol", protocol), stranger];
        let reason = (door != Door::SafeMethod).then_some(Reason::OriginNotAllowed);
        assert_eq!(
            outcome(&DOORS, method, &fields),
            (door, reason),
            "{method} {protocol}"
        );
    }
}

#[test]
fn a_value_that_was_cut_is_refused() {
    for (name, reason) in [
        ("Host", Reason::HostTruncated),
        (":authority", Reason::HostTruncated),
        ("Sec-Fetch-Site", Reason::CrossSite),
        ("Origin", Reason::OriginTruncated),
    ] {
        let mut request = DoorsRequest::new("POST");
        if reason != Reason::HostTruncated {
            request.push("Host", "lamp.local");
        }
        request.push_truncated(name);
        let refusal = DOORS.decide(&request).refusal();
        assert_eq!(refusal.map(|refusal| refusal.reason()), Some(reason), "{name}");
    }
    let mut request = DoorsRequest::from_fields("GET", [("Host", "lamp.local")]);
    request.mark_incomplete();
    let decision = DOORS.decide(&request);
    assert_eq!(decision.refusal().unwrap().reason(), Reason::HeadIncomplete);
    assert_eq!(decision.response().unwrap().status(), 400);
}

/// The host, the origin and the list share the buffer. What does not fit is refused, whatever the
/// order and the size of the pieces. A piece of more than a line can end within one field after it
/// had the whole of another one.
#[test]
fn a_reader_refuses_what_does_not_fit() {
    let lines = [
        "Host: lamp.local\r\n",
        "Origin: https://app.example.com\r\n",
        "Access-Control-Request-Method: PUT\r\n",
        "Access-Control-Request-Headers: a,b\r\n",
    ];
    fn decide<const N: usize>(head: &str, size: usize) -> Option<Reason> {
        let mut reader = DoorsReader::<N>::new();
        for piece in head.as_bytes().chunks(size) {
            let _ = reader.push(piece).unwrap();
        }
        let request = reader.request();
        let decision = DOORS.decide(&request);
        let cors = decision.cors().and_then(|cors| cors.refusal());
        decision.refusal().or(cors).map(|refusal| refusal.reason())
    }
    for first in 0..lines.len() {
        let mut head = String::from("GET http://lamp.local/ HTTP/1.1\r\n");
        (0..lines.len()).for_each(|at| head += lines[(first + at) % lines.len()]);
        head += "\r\n";
        for size in 1..=head.len() {
            // 10 for the target, 10 for the host, 23 for the origin, 3 for the method, 3 for the
            // list.
            assert_eq!(decide::<49>(&head, size), None, "{size}: {head}");
            assert!(matches!(
                decide::<18>(&head, size),
                Some(Reason::HostTruncated | Reason::OriginTruncated)
            ));
            assert_eq!(decide::<8>(&head, size), Some(Reason::HostTruncated));
        }
    }
    assert_eq!(
        decide::<12>("GET / HTTP/1.1\r\nHost: lamp.local\r\nhost: a\r\n\r\n", 3),
        Some(Reason::HostRepeated)
    );
}

#[test]
fn a_reader_of_a_section_knows_the_method() {
    let mut reader = DoorsReader::<64>::for_header_section("POST");
    let section = b"Host: lamp.local\r\nOrigin: https://stranger.example\r\n\r\ncontent";
    let used = section.len() - "content".len();
    assert_eq!(reader.push(section), Ok(Progress::Done { used }));
    assert_eq!(DOORS.decide(&reader.request()).door(), Door::UnsafeMethod);
    let request = DoorsRequest::from_header_section("POST", section).unwrap();
    assert_eq!(request, reader.request());
}

#[test]
fn the_responses_have_the_fields_of_the_policy_and_of_the_doors() {
    let doors = Doors::builder(&CORS)
        .allow_hosts(&["lamp.local"])
        .isolate()
        .enforce()
        .cross_origin_resource_policy(ResourcePolicy::SameSite)
        .build()
        .unwrap();
    let texts = |method: &str, fields: &[(&str, &str)]| {
        let request = DoorsRequest::from_fields(method, fields.iter().copied());
        let decision = doors.decide(&request);
        let mut buffer = vec![0; doors.max_response_len()];
        let text = match decision.response() {
            Some(response) => response.write(&mut buffer).unwrap(),
            None => decision.write_fields(&mut buffer).unwrap().as_bytes(),
        };
        String::from_utf8(text.to_vec()).unwrap()
    };
    let sec_fetch = "vary: sec-fetch-site,sec-fetch-mode,sec-fetch-dest\r\n";
    let end = "content-length: 0\r\n\r\n";
    assert_eq!(
        texts(
            "GET",
            &[("host", "lamp.local"), ("origin", "https://app.example.com")]
        ),
        format!(
            "access-control-allow-origin: https://app.example.com\r\nvary: origin\r\n{sec_fetch}\
             cross-origin-resource-policy: same-site\r\n"
        )
    );
    assert_eq!(
        texts("POST", &[("host", "lamp.local"), ("origin", "null")]),
        format!(
            "HTTP/1.1 403 Forbidden\r\nvary: origin\r\n{sec_fetch}\
             cross-origin-resource-policy: same-site\r\n{end}"
        )
    );
    let preflight = [
        ("host", "lamp.local"),
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "GET"),
    ];
    assert_eq!(
        texts("OPTIONS", &preflight),
        format!(
            "HTTP/1.1 204 No Content\r\naccess-control-allow-origin: https://app.example.com\r\n\
             vary: origin,access-control-request-method,access-control-request-headers\r\n{sec_fetch}{end}"
        )
    );
    assert_eq!(
        texts(
            "GET",
            &[
                ("host", "stranger.example"),
                ("origin", "https://app.example.com")
            ]
        ),
        format!("HTTP/1.1 403 Forbidden\r\n{end}")
    );
    assert_eq!(texts("GET", &[]), format!("HTTP/1.1 400 Bad Request\r\n{end}"));
    let plain = Doors::builder(&CORS).build().unwrap();
    let request = DoorsRequest::from_fields("GET", [("accept", "text/event-stream")]);
    let fields: Vec<String> = plain
        .decide(&request)
        .fields()
        .map(|field| field.to_string())
        .collect();
    assert_eq!(fields, ["vary: origin", "vary: accept"]);
}

#[test]
fn a_refused_request_of_an_admitted_origin_can_be_read() {
    static PUBLIC: Policy = Policy::builder().allow_origins(&["*"]).build_or_panic();
    let doors = Doors::builder(&PUBLIC).build().unwrap();
    let request = DoorsRequest::from_fields("POST", [("origin", "https://stranger.example")]);
    let decision = doors.decide(&request);
    assert_eq!(
        decision.to_string(),
        "unsafe_method refused: the policy lets this origin read, but does not name it, so it may not change anything"
    );
    let fields: Vec<String> = decision.fields().map(|field| field.to_string()).collect();
    assert_eq!(fields, ["access-control-allow-origin: *", "vary: origin"]);
}

#[test]
fn rules_give_trust_by_the_rule_that_decides() {
    const RULES: Rules = Rules::new_or_panic(&[
        Policy::builder()
            .allow_origins(&["https://app.example.com"])
            .allow_credentials()
            .build_or_panic(),
        Policy::builder().allow_origins(&["*"]).build_or_panic(),
    ]);
    static WITH_RULES: Doors<Rules> = Doors::builder(RULES).build_or_panic();
    const _: () = assert!(WITH_RULES.max_response_len() > RULES.max_response_len());
    for (origin, is_refused) in [
        ("https://app.example.com", false),
        ("https://other.example", true),
    ] {
        let request = DoorsRequest::from_fields("POST", [("origin", origin)]);
        assert_eq!(WITH_RULES.decide(&request).is_refused(), is_refused, "{origin}");
    }
}

#[test]
fn a_predicate_gives_trust() {
    let is_tenant = |origin: &crate::Origin<'_>| origin.host().ends_with(".tenants.example");
    let policy = Policy::builder().allow_origin_if(&is_tenant).build().unwrap();
    let doors = Doors::builder(&policy).build().unwrap();
    for (origin, is_refused) in [("https://a.tenants.example", false), ("https://b.example", true)] {
        let request = DoorsRequest::from_fields("POST", [("origin", origin)]);
        assert_eq!(doors.decide(&request).is_refused(), is_refused, "{origin}");
    }
}

#[test]
fn the_server_can_say_that_a_response_is_an_event_stream() {
    let mut request = DoorsRequest::from_fields(
        "GET",
        [("host", "lamp.local"), ("origin", "https://stranger.example")],
    );
    assert!(!DOORS.decide(&request).is_refused());
    request.set_event_stream();
    let decision = DOORS.decide(&request);
    assert_eq!(
        (decision.door(), decision.is_refused()),
        (Door::EventStream, true)
    );
    assert!(!decision.fields().any(|field| field.value() == "accept"));
}

#[test]
fn addresses_and_policies_are_replaced_at_run_time() {
    let own = [IpAddr::V4(Ipv4Addr::new(10, 0, 0, 7))];
    let request = DoorsRequest::from_fields("GET", [("host", "10.0.0.7")]);
    assert!(DOORS.decide(&request).is_refused());
    assert!(!DOORS.with_addresses(&own).decide(&request).is_refused());
    let other = Policy::builder().build_or_panic();
    assert!(DOORS.with_policy_or_rules(&other).decide(&request).is_refused());
}

#[test]
fn mistakes_in_hosts_are_found() {
    use DoorsErrorKind::*;
    for (entry, kind, at) in [
        ("", Empty, 0),
        ("*", Any, 0),
        ("http://lamp.local", Scheme, 4),
        ("lamp.local/", Path, 10),
        ("192.168.0.0/16", Path, 11),
        ("user@lamp.local", UserInformation, 4),
        ("a.example, b.example", SeveralInOne, 9),
        ("lamp.local\n", LineEnd, 10),
        ("l\u{e4}mp.local", NonAscii, 1),
        (".example.com", LeadingDot, 0),
        ("example.com.", TrailingDot, 11),
        ("*.example.com.", TrailingDot, 13),
        ("a.*.example.com", Wildcard, 2),
        ("*example.com", Wildcard, 0),
        ("pr-*.example.com", Wildcard, 3),
        ("lamp.local:*", Port, 11),
        ("*.192.168.4.1", WildcardAddress, 0),
        ("*.[fd00::1]", WildcardAddress, 0),
        ("*.com", PublicSuffix, 0),
        ("192.168.4", Ipv4, 8),
        ("192.168.4.256", Ipv4, 10),
        ("fd00::1", Ipv6, 0),
        ("[fd00::1", Ipv6, 8),
        ("[fd00::g]", Ipv6, 7),
        ("lamp.local:", Port, 11),
        ("lamp.local:0", Port, 11),
        ("lamp.local:080", Port, 11),
        ("lamp.local:65536", Port, 15),
        ("lamp.local:http", Port, 11),
        ("a..b", Name, 2),
        ("lamp!", Name, 4),
        ("lamp%2e", Name, 4),
    ] {
        let hosts = ["lamp.local", entry];
        let error = Doors::builder(&CORS).allow_hosts(&hosts).build().unwrap_err();
        assert_eq!(
            (error.kind(), error.at(), error.index()),
            (kind, at, 1),
            "{entry:?}"
        );
        assert_eq!(error.entry(), entry);
    }
    for entry in [
        "lamp",
        "LAMP.local",
        "a_b.test",
        "xn--lmp-qla.local",
        "*.local",
        "*.localhost",
        "*.internal",
        "192.168.4.1",
        "192.168.4.1:8080",
        "[fd00::1]",
        "[FD00:0::1]:443",
        "*.example.com:8443",
        "1.example",
        "example.com1",
    ] {
        let hosts = [entry];
        assert!(
            Doors::builder(&CORS).allow_hosts(&hosts).build().is_ok(),
            "{entry}"
        );
    }
    let suffix = Doors::builder(&CORS).allow_hosts(&["*.lan"]);
    assert!(suffix.build().is_err());
    assert!(suffix.dangerously_allow_public_suffixes().build().is_ok());
}
