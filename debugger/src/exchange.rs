//! Puts together what belongs together: a preflight and the request after it, a redirect and its
//! target, a call and what it sent, a message and what it is about.

use std::collections::HashMap;

use crate::diagnosis::{Cause, family};
use crate::input::console::{Engine, Message};
use crate::input::{Found, RequestHead, ResponseHead, Transfer, value};
use crate::url::Url;

/// A request of a page, with everything in the text that is about it. Indices are those of
/// [`Found`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// The request, and one more for each redirect that it followed.
    pub legs: Vec<Leg>,
    /// The messages about it, the one that says most first.
    pub messages: Vec<usize>,
    /// The call that made it.
    pub call: Option<usize>,
}

/// A request to one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leg {
    /// The preflight.
    pub preflight: Option<usize>,
    /// The request itself.
    pub actual: Option<usize>,
}

/// Groups what was found, in the order of the text.
pub fn group(found: &Found) -> Vec<Exchange> {
    let mut exchanges = from_transfers(found);
    add_calls(found, &mut exchanges);
    add_messages(found, &mut exchanges);
    exchanges.sort_by_key(|exchange| start(found, exchange));
    exchanges
}

/// Returns where an exchange begins in the text.
fn start(found: &Found, exchange: &Exchange) -> usize {
    let transfers = exchange
        .legs
        .iter()
        .flat_map(|leg| [leg.preflight, leg.actual])
        .flatten();
    let transfers = transfers
        .filter_map(|index| found.transfers.get(index))
        .map(Transfer::start);
    let messages = exchange
        .messages
        .iter()
        .filter_map(|index| found.messages.get(*index));
    let call = exchange.call.and_then(|index| found.calls.get(index));
    transfers
        .chain(messages.map(|message| message.span.start))
        .chain(call.map(|call| call.span.start))
        .min()
        .unwrap_or(0)
}

/// Returns whether a transfer is a preflight, or a test of one.
pub fn is_preflight(transfer: &Transfer) -> bool {
    let Some(request) = &transfer.request else {
        return transfer.response.as_ref().is_some_and(answers_preflight);
    };
    let asks = value(&request.fields, "access-control-request-method").is_some();
    transfer.is_marked_preflight
        || (request.method.eq_ignore_ascii_case("OPTIONS") && (asks || !transfer.is_of_browser))
}

/// Returns whether a response of which the request is not known answers a preflight.
fn answers_preflight(response: &ResponseHead) -> bool {
    let has = |name: &str| value(&response.fields, name).is_some();
    let has_lists = has("access-control-allow-methods") || has("access-control-allow-headers");
    let is_empty = response.status == 204
        || value(&response.fields, "content-length") == Some("0")
        || !(has("content-type") || has("content-length"));
    (has_lists || has("access-control-max-age")) && is_empty
}

fn url(transfer: &Transfer) -> Option<&Url> {
    transfer.request.as_ref()?.url.as_ref()
}

/// The key under which transfers to one address are found.
fn key(url: Option<&Url>) -> (String, String) {
    url.map_or_else(Default::default, |url| (url.host.clone(), url.path.clone()))
}

fn from_transfers(found: &Found) -> Vec<Exchange> {
    let preflight_of = pair_preflights(&found.transfers);
    let next = follow_redirects(&found.transfers);
    let mut is_later = vec![false; found.transfers.len()];
    for later in next.iter().flatten() {
        if let Some(flag) = is_later.get_mut(*later) {
            *flag = true;
        }
    }
    let leg = |index: usize| match found.transfers.get(index).is_some_and(is_preflight) {
        true => Leg {
            preflight: Some(index),
            actual: None,
        },
        false => Leg {
            preflight: preflight_of.get(index).copied().flatten(),
            actual: Some(index),
        },
    };
    let mut is_paired = vec![false; found.transfers.len()];
    for preflight in preflight_of.iter().flatten() {
        if let Some(flag) = is_paired.get_mut(*preflight) {
            *flag = true;
        }
    }
    let mut exchanges = Vec::new();
    for index in 0..found.transfers.len() {
        let is_free = |flags: &[bool]| flags.get(index) == Some(&false);
        if !is_free(&is_later) || !is_free(&is_paired) {
            continue;
        }
        let mut exchange = Exchange::default();
        let mut at = Some(index);
        while let Some(current) = at {
            exchange.legs.push(leg(current));
            at = next.get(current).copied().flatten();
        }
        exchanges.push(exchange);
    }
    exchanges
}

/// Returns the preflight of each transfer.
fn pair_preflights(transfers: &[Transfer]) -> Vec<Option<usize>> {
    let mut preflight_of = vec![None; transfers.len()];
    // The transfers to one address with one method, in order.
    let mut groups: HashMap<(String, String, String), Vec<usize>> = HashMap::new();
    let mut any: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (index, transfer) in transfers.iter().enumerate() {
        let request = transfer.request.as_ref();
        let method = match is_preflight(transfer) {
            true => request.and_then(|request| value(&request.fields, "access-control-request-method")),
            false => request.map(|request| request.method.as_str()),
        };
        let (host, path) = key(url(transfer));
        any.entry((host.clone(), path.clone())).or_default().push(index);
        if let Some(method) = method {
            groups
                .entry((host, path, method.to_string()))
                .or_default()
                .push(index);
        }
    }
    let mut is_used = vec![false; transfers.len()];
    for group in groups.values() {
        pair_group(transfers, group, &mut preflight_of, &mut is_used);
    }
    // A preflight of which the method is not known belongs to the next request to its address.
    for group in any.values() {
        let free: Vec<usize> = group
            .iter()
            .copied()
            .filter(|index| is_used.get(*index) == Some(&false))
            .collect();
        for pair in free.windows(2) {
            let &[first, second] = pair else {
                continue;
            };
            let (Some(preflight), Some(actual)) = (transfers.get(first), transfers.get(second)) else {
                continue;
            };
            let asked = |transfer: &Transfer| {
                let request = transfer.request.as_ref();
                request
                    .and_then(|request| value(&request.fields, "access-control-request-method"))
                    .is_some()
            };
            let is_pair = is_preflight(preflight) && !asked(preflight) && !is_preflight(actual);
            if is_pair
                && fits(preflight, actual)
                && let Some(slot) = preflight_of.get_mut(second)
            {
                *slot = slot.or(Some(first));
            }
        }
    }
    preflight_of
}

/// Pairs the preflights and requests of one address and method.
fn pair_group(
    transfers: &[Transfer],
    group: &[usize],
    preflight_of: &mut [Option<usize>],
    is_used: &mut [bool],
) {
    let is_preflight_at = |index: &usize| transfers.get(*index).is_some_and(is_preflight);
    let (preflights, actuals): (Vec<usize>, Vec<usize>) = group.iter().copied().partition(is_preflight_at);
    let mut pair = |preflight: usize, actual: usize| {
        let (Some(first), Some(second)) = (transfers.get(preflight), transfers.get(actual)) else {
            return false;
        };
        if !fits(first, second) {
            return false;
        }
        for index in [preflight, actual] {
            if let Some(flag) = is_used.get_mut(index) {
                *flag = true;
            }
        }
        if let Some(slot) = preflight_of.get_mut(actual) {
            *slot = Some(preflight);
        }
        true
    };
    // As many of one as of the other: each with its own, whatever stands first.
    if preflights.len() == actuals.len() {
        for (preflight, actual) in preflights.iter().zip(&actuals) {
            pair(*preflight, *actual);
        }
        return;
    }
    // Chromium's HAR files list a request before its preflight.
    let is_har = transfers
        .get(group.first().copied().unwrap_or(0))
        .is_some_and(|transfer| transfer.started.is_some());
    let is_actual_first = is_har && !group.first().is_some_and(is_preflight_at);
    let mut waiting: Option<usize> = None;
    for index in group {
        match (is_preflight_at(index), is_actual_first) {
            (true, false) | (false, true) => waiting = Some(*index),
            (false, false) => {
                if let Some(preflight) = waiting.take() {
                    pair(preflight, *index);
                }
            }
            (true, true) => {
                if let Some(actual) = waiting.take() {
                    pair(*index, actual);
                }
            }
        }
    }
}

/// Returns whether a preflight and a request may belong together: same address, same origin.
fn fits(preflight: &Transfer, actual: &Transfer) -> bool {
    let same_url = match (url(preflight), url(actual)) {
        (Some(a), Some(b)) => a.same_target(b),
        (None, None) => true,
        _ => false,
    };
    let origin = |transfer: &Transfer| {
        let request = transfer.request.as_ref();
        request
            .and_then(|request| value(&request.fields, "origin"))
            .map(str::to_string)
    };
    let same_origin = match (origin(preflight), origin(actual)) {
        // Firefox sends the page's origin in the preflight after a redirect, and then null.
        (Some(a), Some(b)) => a == b || b == "null",
        _ => true,
    };
    same_url && same_origin
}

/// Returns the transfer that follows each redirect.
fn follow_redirects(transfers: &[Transfer]) -> Vec<Option<usize>> {
    let mut at: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (index, transfer) in transfers.iter().enumerate().rev() {
        at.entry(key(url(transfer))).or_default().push(index);
    }
    let mut next = vec![None; transfers.len()];
    for (index, transfer) in transfers.iter().enumerate() {
        if is_preflight(transfer) {
            continue;
        }
        let Some(target) = transfer
            .request
            .as_ref()
            .zip(transfer.response.as_ref())
            .and_then(|(request, response)| target(request, response))
        else {
            continue;
        };
        // Later transfers come last in the list, since it is reversed.
        let Some(candidates) = at.get_mut(&key(Some(&target))) else {
            continue;
        };
        while let Some(candidate) = candidates.pop() {
            if candidate <= index {
                continue;
            }
            let Some(other) = transfers.get(candidate) else {
                continue;
            };
            let mut later = candidates.iter().rev().take(MAX_CANDIDATES);
            let is_last_chance =
                !later.any(|index| transfers.get(*index).is_some_and(|other| !is_preflight(other)));
            if url(other).is_some_and(|url| url.same_host(&target))
                && (!is_preflight(other) || is_last_chance)
            {
                if let Some(slot) = next.get_mut(index) {
                    *slot = Some(candidate);
                }
                break;
            }
        }
    }
    next
}

/// Returns where a redirect leads.
pub fn target(request: &RequestHead, response: &ResponseHead) -> Option<Url> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = value(&response.fields, "location")?;
    match &request.url {
        Some(url) => url.join(location),
        None => Url::parse(location),
    }
}

fn add_calls(found: &Found, exchanges: &mut Vec<Exchange>) {
    for (index, call) in found.calls.iter().enumerate() {
        let fits = |exchange: &Exchange| {
            let transfer = exchange.legs.first().and_then(|leg| leg.actual.or(leg.preflight));
            let transfer = transfer.and_then(|index| found.transfers.get(index));
            let method = transfer
                .and_then(|transfer| transfer.request.as_ref())
                .map(|request| {
                    value(&request.fields, "access-control-request-method").unwrap_or(&request.method)
                });
            let same_url = match (transfer.and_then(url), &call.url) {
                (Some(a), Some(b)) => a.same_target(b),
                (_, None) => found.calls.len() == 1,
                (None, _) => false,
            };
            exchange.call.is_none()
                && same_url
                && method.is_some_and(|method| method.eq_ignore_ascii_case(&call.method))
        };
        let is_after = |exchange: &&mut Exchange| start(found, exchange) > call.span.start;
        let place = match call.is_command {
            true => None,
            false => exchanges
                .iter_mut()
                .filter(|exchange| fits(exchange))
                .find(is_after)
                .map(|exchange| exchange.call = Some(index)),
        };
        let place = place.or_else(|| {
            let exchange = exchanges
                .iter_mut()
                .find(|exchange| !call.is_command && fits(exchange))?;
            exchange.call = Some(index);
            Some(())
        });
        if place.is_none() {
            exchanges.push(Exchange {
                call: Some(index),
                ..Exchange::default()
            });
        }
    }
}

fn add_messages(found: &Found, exchanges: &mut Vec<Exchange>) {
    // Addresses of exchanges, so that a message finds its own quickly.
    let mut at: HashMap<(String, String), Vec<usize>> = HashMap::new();
    for (index, exchange) in exchanges.iter().enumerate() {
        let legs = exchange
            .legs
            .iter()
            .flat_map(|leg| [leg.actual, leg.preflight])
            .flatten();
        let urls = legs
            .filter_map(|index| found.transfers.get(index))
            .filter_map(url);
        let call = exchange
            .call
            .and_then(|index| found.calls.get(index))
            .and_then(|call| call.url.as_ref());
        for url in urls.chain(call) {
            let list = at.entry(key(Some(url))).or_default();
            if !list.contains(&index) {
                list.push(index);
            }
        }
    }
    // Those that say something come first, so that the others find them.
    let (clear, vague): (Vec<usize>, Vec<usize>) = (0..found.messages.len()).partition(|index| {
        found
            .messages
            .get(*index)
            .is_some_and(|message| !message.is_vague)
    });
    let has_clear = !clear.is_empty();
    for index in clear.into_iter().chain(vague) {
        let Some(message) = found.messages.get(index) else {
            continue;
        };
        let candidates: Vec<usize> = match message.url.as_ref().or(message.first_url.as_ref()) {
            Some(_) => {
                let urls = [message.first_url.as_ref(), message.url.as_ref()];
                let mut all: Vec<usize> = urls
                    .into_iter()
                    .flatten()
                    .flat_map(|url| at.get(&key(Some(url))).into_iter().flatten().copied())
                    .collect();
                all.dedup();
                all
            }
            None => without_address(found, message, exchanges),
        };
        let best = candidates
            .into_iter()
            .take(MAX_CANDIDATES)
            .filter_map(|candidate| {
                let exchange = exchanges.get(candidate)?;
                Some((score(found, message, exchange)?, candidate))
            })
            .max_by_key(|(score, candidate)| (*score, usize::MAX - candidate));
        if let Some((_, candidate)) = best
            && let Some(exchange) = exchanges.get_mut(candidate)
        {
            exchange.messages.push(index);
            continue;
        }
        // The script's own error is of interest only where there is nothing else.
        if message.is_vague && message.url.is_none() && (has_clear || !exchanges.is_empty()) {
            continue;
        }
        if let Some(url) = message.url.as_ref().or(message.first_url.as_ref()) {
            at.entry(key(Some(url))).or_default().push(exchanges.len());
        }
        exchanges.push(Exchange {
            messages: vec![index],
            ..Exchange::default()
        });
    }
}

/// The most exchanges of one address that a message is compared with, so that the time stays
/// linear.
const MAX_CANDIDATES: usize = 64;

/// The exchanges that a message without an address may be about.
fn without_address(found: &Found, message: &Message, exchanges: &[Exchange]) -> Vec<usize> {
    // A message of a tool is about the command before it, and a status of the network panel about
    // the head before it.
    let is_of_tool = message.engine.is_none() && message.is_preflight.is_none();
    if is_of_tool || message.is_vague {
        // A request that got a response did not fail to connect.
        let is_open = |exchange: &Exchange| {
            let transfers = exchange
                .legs
                .iter()
                .flat_map(|leg| [leg.actual, leg.preflight])
                .flatten();
            let mut transfers = transfers.filter_map(|index| found.transfers.get(index));
            let has_response = transfers.any(|transfer| transfer.response.is_some());
            !has_response
                && ((is_of_tool && exchange.call.is_some()) || !exchange.legs.is_empty())
                && exchange.messages.is_empty()
        };
        let before = exchanges
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, exchange)| is_open(exchange) && start(found, exchange) < message.span.start)
            .take(MAX_CANDIDATES)
            .max_by_key(|(_, exchange)| start(found, exchange));
        if is_of_tool || before.is_some() {
            return before.map(|(index, _)| index).into_iter().collect();
        }
    }
    // The only one, or a message that says the same.
    match exchanges {
        [only] if !message.is_vague && !only.legs.is_empty() => vec![0],
        _ => {
            let same = |exchange: &Exchange| {
                exchange.legs.is_empty()
                    && exchange
                        .messages
                        .iter()
                        .filter_map(|index| found.messages.get(*index))
                        .any(|other| {
                            family(other.cause) == family(message.cause)
                                && other.engine == message.engine
                                && other.origin == message.origin
                                && other.detail == message.detail
                        })
            };
            let found_at = exchanges.iter().rev().take(MAX_CANDIDATES).position(same);
            found_at
                .map(|from_end| exchanges.len() - 1 - from_end)
                .into_iter()
                .collect()
        }
    }
}

/// Returns how well a message fits an exchange, or `None` if it is about another one.
fn score(found: &Found, message: &Message, exchange: &Exchange) -> Option<u32> {
    let transfers: Vec<&Transfer> = exchange
        .legs
        .iter()
        .flat_map(|leg| [leg.actual, leg.preflight])
        .flatten()
        .filter_map(|index| found.transfers.get(index))
        .collect();
    let call = exchange.call.and_then(|index| found.calls.get(index));
    let others: Vec<&Message> = exchange
        .messages
        .iter()
        .take(MAX_CANDIDATES)
        .filter_map(|index| found.messages.get(*index))
        .collect();
    let mut score: u32 = 1;

    // Address and origin have to be the same.
    if let Some(url) = message.url.as_ref().or(message.first_url.as_ref()) {
        let is_url = |other: &Url| {
            other.same_host(url)
                || message
                    .first_url
                    .as_ref()
                    .is_some_and(|first| first.same_host(other))
        };
        let urls = transfers.iter().copied().filter_map(self::url);
        let urls = urls.chain(call.and_then(|call| call.url.as_ref()));
        let urls = urls.chain(others.iter().filter_map(|other| other.url.as_ref()));
        let mut urls = urls.peekable();
        if urls.peek().is_some() && !urls.any(is_url) {
            return None;
        }
    }
    let origins = transfers
        .iter()
        .filter_map(|transfer| transfer.request.as_ref())
        .filter_map(|request| value(&request.fields, "origin"));
    let mut origins = origins
        .chain(others.iter().filter_map(|other| other.origin.as_deref()))
        .peekable();
    if let Some(origin) = message.origin.as_deref()
        && origin != "null"
        && origins.peek().is_some()
    {
        if !origins.any(|other| other == origin || other == "null") {
            return None;
        }
        score += 4;
    }

    // So has the method, where both are known.
    let method = message.method.as_deref().or(match message.cause {
        Cause::MethodNotAllowed => message.detail.as_deref(),
        _ => None,
    });
    let own = transfers
        .iter()
        .filter_map(|transfer| transfer.request.as_ref())
        .map(|request| {
            value(&request.fields, "access-control-request-method")
                .unwrap_or(&request.method)
                .to_string()
        })
        .chain(call.map(|call| call.method.clone()))
        .next();
    if let (Some(method), Some(own)) = (method, own) {
        if !own.eq_ignore_ascii_case(method) {
            return None;
        }
        score += 4;
    }

    // A second, different reason of the same engine is about another request; the reason that a
    // preflight failed, and the sentence that it did, are one.
    for other in &others {
        let same = family(other.cause) == family(message.cause)
            || is_part_of(message, other)
            || is_part_of(other, message);
        let same_place = match (other.is_preflight, message.is_preflight) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        if !(same && same_place) {
            return None;
        }
        score += 1;
    }

    // What the transfers show has to be possible.
    let is_about_preflight = message.is_preflight == Some(true);
    let has_failed = transfers.iter().any(|transfer| {
        let Some(response) = &transfer.response else {
            return true;
        };
        is_preflight(transfer) == is_about_preflight
            && message.status.is_none_or(|status| status == response.status)
            && (message.engine == Some(Engine::WebKit) || shows(message.cause, response))
    });
    if has_failed {
        score += 8;
    } else if !transfers.is_empty() && message.engine.is_some() && !message.is_vague {
        // The transfer may be a test that went well; it is still about this address.
        score = score.saturating_sub(1);
    }
    Some(score)
}

/// Whether a message adds nothing but where or that a request failed.
fn is_part_of(message: &Message, other: &Message) -> bool {
    let is_general = message.is_vague || message.cause == Cause::NoReason;
    let is_firefox_summary = message.engine == Some(Engine::Firefox)
        && other.engine == Some(Engine::Firefox)
        && matches!(message.cause, Cause::PreflightStatus | Cause::NetworkFailure)
        && message.span.start.abs_diff(other.span.start) < 2000;
    let is_failed_options = message.cause == Cause::OptionsNotHandled && other.is_preflight == Some(true);
    is_general || is_firefox_summary || is_failed_options
}

/// Whether a response can be one that a message of this cause is about.
fn shows(cause: Cause, response: &ResponseHead) -> bool {
    let origins = response
        .fields
        .iter()
        .filter(|field| field.is("access-control-allow-origin"))
        .count();
    match cause {
        Cause::AllowOriginMissing => origins == 0,
        Cause::AllowOriginRepeated => origins > 1,
        Cause::AllowOriginDiffers | Cause::AllowOriginInvalid | Cause::AllowOriginList => origins > 0,
        Cause::WildcardWithCredentials => value(&response.fields, "access-control-allow-origin") == Some("*"),
        Cause::PreflightStatus | Cause::OptionsNotHandled => !(200..300).contains(&response.status),
        Cause::PreflightRedirect => (300..400).contains(&response.status),
        _ => true,
    }
}
