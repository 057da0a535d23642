//! The rows `limits` are lower bounds for this machine, and the cost of other crates for a part of
//! the work. They check nothing.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::hint::black_box;

use crate::Row;
use crate::cases::{self, FEW, LONG};

pub(crate) fn rows() -> Vec<Row> {
    let origin = cases::text(cases::tenant(FEW - 1));
    let actual = answer_to(cases::get(origin));
    let preflight = answer_to(cases::preflight(origin));
    let commas = cases::text(cases::preflight_asking(origin, &cases::list_of(",", LONG))).as_bytes();
    let heads = [
        ("commas", commas),
        ("get", cases::get(origin)),
        ("preflight", cases::preflight(origin)),
    ];

    let mut rows = vec![
        Row::new("limits/call/empty", || || black_box(0)).counted(),
        Row::new("limits/compare/origin", move || {
            let entry = cases::text(origin);
            move || (black_box(entry) == black_box(origin)) as usize
        })
        .counted(),
    ];
    for (name, block) in [("actual", actual), ("preflight", preflight)] {
        rows.push(
            Row::new(format!("limits/compare_copy/{name}"), move || {
                let entry = cases::text(origin);
                let (block, buffer) = beside(block);
                move || {
                    if black_box(entry) != black_box(origin) {
                        return 0;
                    }
                    copy(block, buffer)
                }
            })
            .counted(),
        );
    }
    for (name, block) in [("actual", actual), ("preflight", preflight)] {
        rows.push(
            Row::new(format!("limits/copy/{name}"), move || {
                let (block, buffer) = beside(block);
                move || copy(block, buffer)
            })
            .reads(block.len())
            .counted(),
        );
    }
    for size in cases::SIZES {
        let name = |hash, case| format!("limits/hash_set_{hash}/exact_{size:06}/{case}");
        rows.extend([
            probe::<foldhash::fast::FixedState>(name("fold", "hit_last"), size, false).counted(),
            probe::<foldhash::fast::FixedState>(name("fold", "rotating"), size, true),
            probe::<rustc_hash::FxBuildHasher>(name("fx", "hit_last"), size, false).counted(),
            probe::<rustc_hash::FxBuildHasher>(name("fx", "rotating"), size, true),
        ]);
    }
    for (name, head) in heads {
        rows.push(
            Row::new(format!("limits/httparse/{name}"), move || {
                move || {
                    let mut fields = [httparse::EMPTY_HEADER; 32];
                    let mut request = httparse::Request::new(&mut fields);
                    let _ = black_box(request.parse(black_box(head)));
                    request.headers.len()
                }
            })
            .reads(head.len())
            .counted(),
        );
    }
    for (name, head) in heads {
        rows.push(
            Row::new(format!("limits/newlines_memchr/{name}"), move || {
                move || memchr::memchr_iter(b'\n', black_box(head)).map(black_box).count()
            })
            .reads(head.len())
            .counted(),
        );
        #[cfg(target_arch = "x86_64")]
        rows.push(
            Row::new(format!("limits/newlines_sse2/{name}"), move || {
                move || {
                    let mut lines = 0;
                    sse2::lines(black_box(head), |line| {
                        black_box(line);
                        lines += 1;
                    });
                    lines
                }
            })
            .reads(head.len())
            .counted(),
        );
    }
    #[cfg(target_arch = "x86_64")]
    for (name, head, block) in [
        ("get", cases::get(origin), actual),
        ("preflight", cases::preflight(origin), preflight),
    ] {
        rows.push(
            Row::new(format!("limits/scan_pick_compare_copy/{name}"), move || {
                let entry = cases::text(origin).as_bytes();
                let (block, buffer) = beside(block);
                move || {
                    let picked = pick(black_box(head));
                    if picked[0] != entry {
                        return 0;
                    }
                    black_box(picked);
                    copy(block, buffer)
                }
            })
            .reads(head.len())
            .counted(),
        );
    }
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    rows
}

/// Returns the bytes of the engine's answer.
fn answer_to(head: &'static [u8]) -> &'static [u8] {
    let policy = cases::policy_of(cases::exact(FEW));
    let mut buffer = vec![0; policy.max_response_len()];
    let length = crate::wire::whole(policy, head, &mut buffer);
    buffer.truncate(length);
    cases::leak(buffer.into_boxed_slice())
}

/// Returns a block and a buffer for it in one page of memory, since the cost of a copy depends on
/// their addresses.
fn beside(block: &[u8]) -> (&'static [u8], &'static mut [u8]) {
    #[repr(align(4096))]
    struct Page([u8; 4096]);
    let page = Box::leak(Box::new(Page([0; 4096])));
    let (front, back) = page.0.split_at_mut(2048);
    front[..block.len()].copy_from_slice(block);
    (&front[..block.len()], &mut back[..1024])
}

#[inline]
fn copy(block: &[u8], buffer: &mut [u8]) -> usize {
    let block = black_box(block);
    black_box(buffer)[..block.len()].copy_from_slice(block);
    block.len()
}

fn probe<S: BuildHasher + Default + 'static>(name: String, size: usize, rotating: bool) -> Row {
    Row::new(name, move || {
        let set: HashSet<&'static str, S> = cases::exact(size).iter().copied().collect();
        let origins: Vec<&'static str> = cases::exact(size).to_vec();
        let mut turn = size - 1;
        move || {
            let origin = origins[if rotating {
                cases::scattered(turn, size)
            } else {
                size - 1
            }];
            turn += 1;
            black_box(&set).contains(black_box(origin)) as usize
        }
    })
}

/// Returns the values of `Origin` and of the three `Access-Control-Request-*` fields that browsers
/// have sent, without checking the head.
#[cfg(target_arch = "x86_64")]
fn pick(head: &[u8]) -> [&[u8]; 4] {
    let mut picked: [&[u8]; 4] = [b""; 4];
    sse2::lines(head, |line| {
        let mut take = |slot: usize, name: &[u8]| {
            let (start, value) = line.split_at(name.len());
            if start.eq_ignore_ascii_case(name) {
                picked[slot] = value.strip_suffix(b"\r").unwrap_or(value);
            }
        };
        match line {
            [b'O' | b'o', b'R' | b'r', _, _, _, _, b':', ..] => take(0, b"origin: "),
            [
                b'A' | b'a',
                b'C' | b'c',
                b'C' | b'c',
                b'E' | b'e',
                b'S' | b's',
                ..,
            ] => match line.get(b"access-control-request-".len()) {
                Some(b'M' | b'm') => take(1, b"access-control-request-method: "),
                Some(b'H' | b'h') => take(2, b"access-control-request-headers: "),
                Some(b'P' | b'p') => take(3, b"access-control-request-private-network: "),
                _ => {}
            },
            _ => {}
        }
    });
    picked
}

#[cfg(target_arch = "x86_64")]
mod sse2 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    /// Calls `line` with every complete line of `text`.
    #[inline]
    pub(super) fn lines<'a>(text: &'a [u8], mut line: impl FnMut(&'a [u8])) {
        let mut start = 0;
        let (blocks, rest) = text.as_chunks::<64>();
        for (index, block) in blocks.iter().enumerate() {
            let mut ends = ends(block);
            while ends != 0 {
                let end = index * 64 + ends.trailing_zeros() as usize;
                line(&text[start..end]);
                start = end + 1;
                ends &= ends - 1;
            }
        }
        for (index, &byte) in rest.iter().enumerate() {
            if byte == b'\n' {
                let end = blocks.len() * 64 + index;
                line(&text[start..end]);
                start = end + 1;
            }
        }
    }

    /// Returns a mask with a bit for each byte that ends a line.
    #[inline]
    fn ends(block: &[u8; 64]) -> u64 {
        // SAFETY: SSE2 is a part of x86-64, and the array has 64 bytes, which unaligned loads may
        // read.
        unsafe {
            let end = _mm_set1_epi8(b'\n' as i8);
            let [a, b, c, d] =
                [0, 16, 32, 48].map(|at| _mm_cmpeq_epi8(_mm_loadu_si128(block.as_ptr().add(at).cast()), end));
            let any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
            if _mm_movemask_epi8(any) == 0 {
                return 0;
            }
            let bits = |found| u64::from(_mm_movemask_epi8(found) as u16);
            bits(a) | bits(b) << 16 | bits(c) << 32 | bits(d) << 48
        }
    }
}
