//! The kinds of mistakes in a policy, with their texts.

use core::fmt;

/// A mistake in an entry: its kind, and the index of the first wrong byte.
pub(super) type Mistake = (PolicyErrorKind, usize);

macro_rules! policy_error_kinds {
    ($($(#[doc = $doc:literal])* $name:ident $(at $at:ident)? : $what:literal, $fix:literal;)*) => {
        /// A kind of mistake in a policy.
        ///
        /// It is `#[non_exhaustive]`, because later versions may find more mistakes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum PolicyErrorKind {
            $($(#[doc = $doc])* $name,)*
        }

        impl PolicyErrorKind {
            /// Returns what is wrong, in a few words.
            pub const fn what(self) -> &'static str {
                match self { $(Self::$name => $what,)* }
            }

            /// Returns what to write instead, with an example where the sentence of an error has
            /// what follows from its entry.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$name => $fix,)* }
            }

            /// Returns whether errors of this kind are about a byte of the entry.
            pub(super) const fn is_about_a_byte(self) -> bool {
                match self { $(Self::$name => policy_error_kinds!(@ $($at)?),)* }
            }

            /// All kinds. Later versions may have more.
            pub const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
    (@) => { false };
    (@ byte) => { true };
}

/// Gives every kind of mistake, with its texts, to the macro `then`. `at byte` marks the kinds that
/// are about a byte of the entry.
macro_rules! all_policy_error_kinds {
    ($then:ident) => {
        $then! {
            /// The entry is empty.
            Empty: "is empty", "remove it";
            /// The origin has no `scheme://`.
            NoScheme: "has no scheme", "write one, such as https://example.com";
            /// No browser serializes an origin with this scheme.
            Scheme at byte: "has no valid scheme", "write a lower-case scheme, such as https://";
            /// The scheme is `data:`, `blob:`, `about:` or `javascript:`. Pages with such URLs have
            /// an opaque origin, or the origin of another page.
            OpaqueScheme: "no browser sends an origin of this scheme", "such pages send `null` or the origin of the page that opened them";
            /// Something follows `file://`.
            File at byte: "has a host or path after file://", "write file://, the origin of every file";
            /// The entry has CR or LF, as a line of a file has at its end.
            LineEnd at byte: "has a line end", "trim the entry";
            /// The origin is a regular expression.
            Regex at byte: "is a regular expression", "write each origin, or a pattern such as https://*.example.com or https://pr-*.example.com";
            /// The origin has a variable of a server's configuration, such as `$http_origin`.
            Variable at byte: "has a variable, and variables are not replaced", "write each origin";
            /// The scheme has an upper-case letter, or the host after `http://`, `https://`,
            /// `ws://`, `wss://` or `ftp://`.
            UpperCase at byte: "has upper case", "browsers send origins in lower case";
            /// The origin has a byte outside ASCII.
            NonAscii at byte: "is not ASCII", "write the host as browsers send it, in its xn-- form";
            /// The origin has white space, a comma or a semicolon.
            SeveralInOne at byte: "has a space, comma or semicolon", "write one origin per entry";
            /// The origin has a path, a query, a fragment or a trailing slash.
            Path at byte: "has a path or a slash", "an origin ends after its host and port";
            /// The host is missing, is longer than 253 bytes, or is one that no browser sends.
            Host at byte: "has no valid host", "write a domain or an address and nothing else";
            /// The host ends in a number but is not a dotted quad.
            Ipv4 at byte: "has no IPv4 address as browsers write it", "write four numbers from 0 to 255 without leading zeros";
            /// The IPv6 address is not in its shortest form.
            Ipv6 at byte: "has no IPv6 address as browsers write it", "write the shortest form in brackets, such as [2001:db8::1]";
            /// The port is not a number from 1 to 65535, nor a range of them.
            Port at byte: "has no valid port", "write 1 to 65535 without leading zeros, a range such as 3000-3010, or *";
            /// The last port of a range is below the first.
            PortRange at byte: "has a range of ports that ends before it starts", "write the lower port first, such as :3000-3010";
            /// The port is the default port of the scheme, which browsers leave out.
            DefaultPort at byte: "names the scheme's default port", "leave it out as browsers do";
            /// `*` is in a place where it may not be.
            Wildcard at byte: "has a misplaced `*`", "write one inside the first label, as in https://*.example.com or https://pr-*.example.com, or for the port, as in http://localhost:*";
            /// `*.` is before an address.
            WildcardAddress at byte: "has `*.` before an address", "addresses have no subdomains";
            /// `*` is inside an address, or in a host whose last label is a number.
            WildcardInAddress at byte: "has a `*` in an address", "write a range, such as http://192.168.0.0/16 or http://[fd00::]/8";
            /// The number after an address and a slash is not the length of a prefix.
            Prefix at byte: "has no valid prefix length", "write 1 to 32 for IPv4 and 1 to 128 for IPv6, without leading zeros";
            /// The prefix length is 0.
            AllAddresses at byte: "is a range of all addresses", "write every host, as in http://*";
            /// The address of a range has bits after its prefix.
            HostBits at byte: "has an address with bits after the prefix", "write zeros after it, such as http://192.168.0.0/16";
            /// A range of IPv4 addresses is written as IPv6 addresses.
            MappedAddress at byte: "has IPv4 addresses in the form of IPv6", "write the IPv4 range, such as http://192.168.0.0/16";
            /// `*` is combined with credentials.
            AnyWithCredentials: "`*` and credentials exclude each other", "list the origins that may send credentials";
            /// `null` is combined with credentials.
            NullWithCredentials: "`null` and credentials exclude each other", "sandboxed frames of every site send `null`";
            /// `file://` is combined with credentials.
            FileWithCredentials: "`file://` and credentials exclude each other", "every file on the visitor's machine has this origin, downloads included";
            /// Every host of a scheme is combined with credentials.
            SchemeWithCredentials: "every host of a scheme and credentials exclude each other", "list the origins that may send credentials";
            /// An `http:` origin that is not loopback is combined with credentials.
            InsecureWithCredentials: "an http: origin with credentials trusts everyone on the network path", "write https:// or call dangerously_allow_insecure_origins_with_credentials";
            /// A `*` for names under a single label, such as `https://*.com` and
            /// `https://pr-*.com`, is combined with credentials.
            SuffixWithCredentials: "this admits every site under a public suffix, with credentials", "write a registered domain or call dangerously_allow_public_suffixes_with_credentials";
            /// A predicate is combined with credentials.
            PredicateWithCredentials: "a predicate with credentials may trust any site", "list the origins or call dangerously_allow_predicate_with_credentials";
            /// The name is not a token.
            NotAToken at byte: "is not a token", "write one name, of letters, digits and !#$%&'*+-.^_`|~";
            /// The name has more than 1024 bytes.
            NameTooLong: "is longer than 1024 bytes", "no server takes such a name";
            /// The method is `CONNECT`, `TRACE` or `TRACK`.
            ForbiddenMethod: "no page can send this method", "remove it";
            /// The method is one that browsers convert to upper case.
            MethodCase: "browsers send this method in upper case, and methods are case-sensitive", "write it in upper case";
            /// The method is `ANY` or `ALL`, in any case.
            AnyMethod: "is not a method", "write `*` for every method";
            /// The list has `patch` in another case, and not `PATCH`. Browsers send it as the page
            /// writes it.
            PatchCase: "is not PATCH, and methods are case-sensitive", "write PATCH, or list both";
            /// A name has a `*` and other bytes.
            NameWildcard at byte: "has a `*` inside a name", "list each name, or write `*` alone";
            /// The request header is one that pages cannot set, such as `cookie`, `host`, `origin`,
            /// `sec-*`.
            ForbiddenRequestHeader: "no page can set this header", "remove it";
            /// The name is `Set-Cookie` or `Set-Cookie2`.
            ForbiddenResponseHeader: "no page can read this header", "remove it";
            /// `*` among the exposed headers is combined with credentials, where it is an ordinary
            /// name.
            ExposeAnyWithCredentials: "`*` does not expose headers to requests with credentials", "list the headers";
            /// The list has more entries than a list of names can have.
            TooMany: "is one more than a list may have", "a list has at most 64 names";
            /// The age is longer than a day.
            MaxAgeTooLarge: "is above 86400", "no browser keeps a preflight for more than a day";
            /// There are methods, headers or exposed headers, but no origin, predicate or loopback
            /// that they would be for.
            NoOrigin: "admits no origin, so the other lists have no effect", "list an origin, or remove the methods and headers";
            /// The storage for a policy that is built at run time is full, or an index has too few
            /// slots.
            Full: "does not fit", "give an index more slots, or lists more bytes";
        }
    };
}
#[allow(unused_imports, reason = "integrations invoke it too")]
pub(crate) use all_policy_error_kinds;

all_policy_error_kinds!(policy_error_kinds);

impl fmt::Display for PolicyErrorKind {
    /// Writes [`what`](Self::what) is wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}
