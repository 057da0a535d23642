//! The causes: stable codes, each with a sentence, the rule that is broken, and the fix.

/// Where a failure lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// The answer to the preflight, the `OPTIONS` request that the browser sends first.
    Preflight,
    /// The request itself, or its response.
    Actual,
    /// A redirect, or what follows it.
    Redirect,
    /// Something that looks like CORS and is not.
    NotCors,
}

impl Place {
    /// Returns the name in JSON: `preflight`, `actual`, `redirect` or `not-cors`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Preflight => "preflight",
            Self::Actual => "actual",
            Self::Redirect => "redirect",
            Self::NotCors => "not-cors",
        }
    }

    /// Returns the place in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Preflight => "in the answer to the preflight",
            Self::Actual => "in the response to the request itself",
            Self::Redirect => "at a redirect",
            Self::NotCors => "not in CORS",
        }
    }
}

macro_rules! causes {
    ($($(#[doc = $doc:literal])* $variant:ident $code:literal: $title:literal, $rule:literal at $url:literal, $fix:literal;)*) => {
        /// Why a request fails, or why a page cannot read what it wants.
        ///
        /// The codes are stable: a later version may add some, and changes none.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Cause {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Cause {
            /// All causes, in the order of `docs/causes.md`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable code, such as `allow-origin-missing`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns a sentence that says what is wrong.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }

            /// Returns the rule that is broken.
            pub const fn rule(self) -> &'static str {
                match self { $(Self::$variant => $rule,)* }
            }

            /// Returns the address of the rule.
            pub const fn rule_url(self) -> &'static str {
                match self { $(Self::$variant => $url,)* }
            }

            /// Returns what to change.
            pub const fn fix(self) -> &'static str {
                match self { $(Self::$variant => $fix,)* }
            }
        }
    };
}

causes! {
    /// The response has no `Access-Control-Allow-Origin`.
    AllowOriginMissing "allow-origin-missing":
        "the response has no Access-Control-Allow-Origin field",
        "a page may read a response of another origin only if the response names the page's origin" at "https://fetch.spec.whatwg.org/#cors-check",
        "let the server send Access-Control-Allow-Origin with the page's origin on this response, error responses included";
    /// The response has more than one `Access-Control-Allow-Origin` line.
    AllowOriginRepeated "allow-origin-repeated":
        "the response has more than one Access-Control-Allow-Origin field",
        "the field may stand in a response once" at "https://fetch.spec.whatwg.org/#cors-check",
        "two programs add the field, such as the application and the proxy before it: let only one of them do it";
    /// `Access-Control-Allow-Origin` has several origins in one value.
    AllowOriginList "allow-origin-list":
        "Access-Control-Allow-Origin holds several values",
        "the field holds one origin, or * alone; a list is not allowed" at "https://fetch.spec.whatwg.org/#cors-check",
        "keep the list on the server, compare it with the Origin of the request, and send back the one that matches, with Vary: Origin";
    /// `Access-Control-Allow-Origin` is empty or is not an origin.
    AllowOriginInvalid "allow-origin-invalid":
        "Access-Control-Allow-Origin is not an origin",
        "an origin is a scheme, a host and, if it is not the default, a port, such as https://app.example.com" at "https://fetch.spec.whatwg.org/#cors-check",
        "send the page's origin exactly as the browser writes it in Origin";
    /// `Access-Control-Allow-Origin` names another origin than the page's.
    AllowOriginDiffers "allow-origin-differs":
        "Access-Control-Allow-Origin is not the page's origin",
        "the browser compares the two byte for byte" at "https://fetch.spec.whatwg.org/#cors-check",
        "add the page's origin to the server's list, and send back the origin that matches, with Vary: Origin";
    /// A redirect to another origin made the origin `null`.
    OriginBecameNull "origin-became-null":
        "a redirect between two other origins changed the request's origin to null",
        "after such a redirect the browser no longer says which page asks" at "https://fetch.spec.whatwg.org/#concept-request-tainted-origin",
        "let the page ask the final address directly, or let the target of the redirect answer with Access-Control-Allow-Origin: *";
    /// `*` with credentials.
    WildcardWithCredentials "wildcard-with-credentials":
        "Access-Control-Allow-Origin is *, and the request has credentials",
        "a response to a request with credentials must name the page's origin; * is not enough" at "https://fetch.spec.whatwg.org/#cors-check",
        "send the page's origin instead of *, with Access-Control-Allow-Credentials: true and Vary: Origin; or send the request without credentials";
    /// `Access-Control-Allow-Credentials` is missing.
    AllowCredentialsMissing "allow-credentials-missing":
        "the response has no Access-Control-Allow-Credentials field, and the request has credentials",
        "a response to a request with credentials must say Access-Control-Allow-Credentials: true" at "https://fetch.spec.whatwg.org/#cors-check",
        "send Access-Control-Allow-Credentials: true, on the preflight too; or send the request without credentials";
    /// `Access-Control-Allow-Credentials` is not `true`.
    AllowCredentialsNotTrue "allow-credentials-not-true":
        "Access-Control-Allow-Credentials is not exactly true",
        "the only value is true, once and in lower case" at "https://fetch.spec.whatwg.org/#cors-check",
        "write Access-Control-Allow-Credentials: true";
    /// `OPTIONS` is answered with an error.
    OptionsNotHandled "options-not-handled":
        "the server does not handle the preflight, which is an OPTIONS request",
        "the answer to a preflight must have a status from 200 to 299 and the CORS fields" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "answer OPTIONS for this address with 204 and the CORS fields, before routing";
    /// The preflight is answered with 401 or 407.
    PreflightAuthentication "preflight-authentication":
        "the server asks for a login before it answers the preflight",
        "a browser never sends cookies or Authorization with a preflight" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "let OPTIONS pass without authentication: put the CORS handling before it";
    /// The preflight is answered with 403.
    PreflightRefused "preflight-refused":
        "the server refuses the preflight",
        "the answer to a preflight must have a status from 200 to 299" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "look for the origin, the method and the headers in the server's CORS settings; if they are there, a firewall or an access rule refuses OPTIONS";
    /// The preflight has another status that is not from 200 to 299.
    PreflightStatus "preflight-status":
        "the status of the answer to the preflight is not from 200 to 299",
        "the answer to a preflight must have a status from 200 to 299" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "answer OPTIONS for this address with 204 and the CORS fields";
    /// The preflight is redirected.
    PreflightRedirect "preflight-redirect":
        "the preflight is answered with a redirect",
        "a browser does not follow a redirect of a preflight" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "let the page use the final address (https instead of http, with or without the slash at the end, with or without www), or answer OPTIONS before redirects";
    /// `Access-Control-Allow-Methods` does not parse.
    AllowMethodsMalformed "allow-methods-malformed":
        "Access-Control-Allow-Methods is not a list of methods",
        "the value is a list of names with commas between them; one wrong member voids the answer" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "write method names separated by commas, and nothing else";
    /// `Access-Control-Allow-Headers` does not parse.
    AllowHeadersMalformed "allow-headers-malformed":
        "Access-Control-Allow-Headers is not a list of header names",
        "the value is a list of names with commas between them; one wrong member voids the answer" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "write header names separated by commas, and nothing else";
    /// The method is not listed.
    MethodNotAllowed "method-not-allowed":
        "the method is not listed in Access-Control-Allow-Methods",
        "each method except GET, HEAD and POST must be listed in the answer to the preflight" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "add the method to Access-Control-Allow-Methods";
    /// The method is listed in another case.
    MethodCaseDiffers "method-case-differs":
        "the method is listed in another case than the page uses",
        "methods are compared byte for byte; browsers put only DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case" at "https://fetch.spec.whatwg.org/#concept-method-normalize",
        "write the method in upper case in the page, such as PATCH, and in Access-Control-Allow-Methods";
    /// `Access-Control-Allow-Methods: *` with credentials.
    MethodsWildcardWithCredentials "methods-wildcard-with-credentials":
        "Access-Control-Allow-Methods is *, which does not count with credentials",
        "for a request with credentials * is only a method of that name" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "list the methods by name";
    /// A header is not listed.
    HeaderNotAllowed "header-not-allowed":
        "a request header is not listed in Access-Control-Allow-Headers",
        "each header that is not safelisted must be listed in the answer to the preflight" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "add the header's name to Access-Control-Allow-Headers";
    /// `Access-Control-Allow-Headers: *` with credentials.
    HeadersWildcardWithCredentials "headers-wildcard-with-credentials":
        "Access-Control-Allow-Headers is *, which does not count with credentials",
        "for a request with credentials * is only a header of that name" at "https://fetch.spec.whatwg.org/#cors-preflight-fetch",
        "list the headers by name";
    /// `Authorization` under `*`: a warning.
    AuthorizationUnderWildcard "authorization-under-wildcard":
        "only * covers the Authorization header, which browsers still accept and the standard does not",
        "Authorization must be listed by name beside *" at "https://fetch.spec.whatwg.org/#cors-non-wildcard-request-header-name",
        "add Authorization to Access-Control-Allow-Headers";
    /// A redirect to an address with a user name or password.
    RedirectWithUser "redirect-with-user":
        "a redirect leads to an address with a user name or a password in it",
        "a request of a page may not be redirected to such an address of another origin" at "https://fetch.spec.whatwg.org/#http-redirect-fetch",
        "remove the user name and password from the Location field";
    /// A redirect to an address that is not http or https.
    RedirectScheme "redirect-scheme":
        "a redirect leads to an address that is not http or https",
        "a browser follows redirects of a page's request only to http and https" at "https://fetch.spec.whatwg.org/#http-redirect-fetch",
        "redirect to an address that begins with https://";
    /// A scheme without CORS.
    SchemeNotSupported "scheme-not-supported":
        "the address is not one that CORS works with, such as a file: address",
        "pages may ask other origins only over http and https" at "https://fetch.spec.whatwg.org/#main-fetch",
        "serve the file over http or https, for example with a local web server, and begin the address with https:// or http://";
    /// `mode: "same-origin"` to another origin.
    ModeSameOrigin "mode-same-origin":
        "the request's mode does not allow this request to another origin",
        "mode same-origin refuses every other origin; mode no-cors refuses some redirects" at "https://fetch.spec.whatwg.org/#main-fetch",
        "remove mode from the options of fetch, or write mode: \"cors\"";
    /// The browser calls the response invalid.
    InvalidResponse "invalid-response":
        "the browser could not use the response",
        "a response that is not complete, or that a service worker must not give, is a network error" at "https://fetch.spec.whatwg.org/#main-fetch",
        "look at the response in the network panel; if a service worker answers, switch it off and try again";
    /// CORS is switched off in the browser.
    CorsDisabled "cors-disabled":
        "CORS is switched off in this browser",
        "Firefox refuses all requests to other origins if content.cors.disable is set" at "https://developer.mozilla.org/docs/Web/HTTP/CORS/Errors/CORSDisabled",
        "open about:config in Firefox and set content.cors.disable to false";
    /// The browser could not add `Origin`.
    OriginNotAdded "origin-not-added":
        "the browser could not add the Origin header",
        "each CORS request has an Origin header" at "https://developer.mozilla.org/docs/Web/HTTP/CORS/Errors/CORSOriginHeaderNotAdded",
        "look for an extension that changes requests, and switch it off";
    /// The page may not read a response header.
    HeaderNotExposed "header-not-exposed":
        "the page may read the response, and not this header of it",
        "besides seven safelisted headers, a page can read only those that Access-Control-Expose-Headers lists" at "https://fetch.spec.whatwg.org/#cors-safelisted-response-header-name",
        "add the header's name to Access-Control-Expose-Headers in the response itself";
    /// A cache gave the answer for another origin.
    CachedForOther "cached-for-other":
        "a cache may have answered with the response for another page",
        "a response that depends on Origin must say Vary: Origin, or caches give it to every page" at "https://fetch.spec.whatwg.org/#cors-protocol-and-http-caches",
        "send Vary: Origin on every response of this address, and empty the cache once";
    /// The test request had no `Origin`.
    NoOriginSent "no-origin-sent":
        "the request has no Origin, so the answer does not show what a browser would get",
        "many servers add CORS fields only if the request has an Origin" at "https://fetch.spec.whatwg.org/#origin-header",
        "repeat the request with an Origin, such as: curl -i -H 'Origin: https://app.example.com' URL";
    /// The preflight was not asked for as a browser does.
    PreflightIncomplete "preflight-incomplete":
        "this OPTIONS request is not a preflight, since it lacks Access-Control-Request-Method",
        "servers tell a preflight from another OPTIONS request by this field" at "https://fetch.spec.whatwg.org/#cors-preflight-request",
        "repeat it with -H 'Access-Control-Request-Method: PUT' (the method that the page uses)";
    /// The method cannot be used by pages.
    MethodForbidden "method-forbidden":
        "pages cannot send this method",
        "CONNECT, TRACE and TRACK are forbidden, and a method is one word" at "https://fetch.spec.whatwg.org/#forbidden-method",
        "use another method";
    /// A header of the page is not valid.
    HeaderInvalid "header-invalid":
        "the page sets a header with an invalid name or value",
        "a name is one word; a value has no line end and no character above U+00FF" at "https://fetch.spec.whatwg.org/#headers-validate",
        "correct the header's name, or encode its value";
    /// A proxy or gateway answered with an error.
    ProxyError "proxy-error":
        "a gateway or proxy answers with its own error page, which has no CORS fields",
        "the missing field is a consequence: the server after the gateway is down, slow or overloaded" at "https://www.rfc-editor.org/rfc/rfc9110#section-15.6",
        "repair the server after the gateway first; then let the gateway add the CORS fields to its error pages too";
    /// The error path of the server lacks the CORS fields.
    ErrorWithoutFields "error-without-fields":
        "the server sends CORS fields on success, and not on errors",
        "the browser checks every response, whatever its status" at "https://fetch.spec.whatwg.org/#cors-check",
        "add the CORS fields to error responses too (in nginx: always; in Apache: Header always)";
    /// Local Network Access: no permission.
    LocalNetworkDenied "local-network-denied":
        "the user or the browser did not give the page access to the local network",
        "a page of the public web needs a permission to reach this device or this computer; no response field grants it" at "https://wicg.github.io/local-network-access/",
        "grant the permission in the browser's site settings; open the page over https; an iframe needs allow=\"local-network-access\"";
    /// Local Network Access: the page is not secure.
    LocalNetworkInsecure "local-network-insecure":
        "a page that is not secure may not reach the local network",
        "only pages over https may ask for access to the local network; no response field changes this" at "https://wicg.github.io/local-network-access/",
        "serve the page over https, or from the device itself";
    /// Local Network Access: another address space than the page said.
    LocalNetworkSpace "local-network-space":
        "the address is in another address space than the page said",
        "targetAddressSpace in fetch has to be that of the address" at "https://wicg.github.io/local-network-access/",
        "correct or remove targetAddressSpace in the options of fetch";
    /// Mixed content.
    MixedContent "mixed-content":
        "a page over https asks an http address, which the browser does not send",
        "pages over https may use only https; this computer itself is excepted in Chromium and Firefox" at "https://w3c.github.io/webappsec-mixed-content/",
        "use an https address";
    /// The name cannot be resolved.
    DnsFailure "dns-failure":
        "the name of the host cannot be found",
        "no server was asked, so CORS has no part in it" at "https://www.rfc-editor.org/rfc/rfc9110#section-4.3.3",
        "correct the host name in the address, or the DNS entry";
    /// TLS fails.
    TlsFailure "tls-failure":
        "the secure connection fails: the certificate or the TLS version is not accepted",
        "no request was sent, so CORS has no part in it" at "https://www.rfc-editor.org/rfc/rfc9110#section-4.3.4",
        "open the address in a new tab and look at what the browser says of the certificate; renew it or trust it";
    /// The connection is refused.
    ConnectionRefused "connection-refused":
        "nothing accepts connections at this host and port",
        "no server was asked, so CORS has no part in it" at "https://www.rfc-editor.org/rfc/rfc9110#section-4.3.3",
        "start the server, and compare the port and the host of the address with those where it listens";
    /// The connection ends or takes too long.
    ConnectionLost "connection-lost":
        "the connection ended without a response, or the server took too long",
        "there is no response that the browser could check" at "https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9",
        "look into the server's log for a crash, a limit of the header size or a time limit";
    /// A failure below HTTP of which the kind is not known.
    NetworkFailure "network-failure":
        "the request failed before a response came",
        "there is no response that the browser could check, so CORS has no part in it" at "https://fetch.spec.whatwg.org/#concept-network-error",
        "open the address in a tab: it shows whether the host, the certificate or the server is at fault; if it opens there, switch off extensions";
    /// An extension blocks the request.
    BlockedByExtension "blocked-by-extension":
        "an extension of the browser, such as an ad blocker, stops the request",
        "the request was not sent, so CORS has no part in it" at "https://developer.chrome.com/docs/extensions/reference/api/declarativeNetRequest",
        "switch off the blocker for this page, or use an address without words such as ads, track or analytics";
    /// Content Security Policy.
    ContentSecurityPolicy "content-security-policy":
        "the page's own Content Security Policy does not let it ask this address",
        "connect-src in the page's policy lists the origins that its scripts may ask" at "https://w3c.github.io/webappsec-csp/#directive-connect-src",
        "add the address's origin to connect-src in the policy of the page, not of the API";
    /// Cross-Origin-Resource-Policy or COEP.
    ResourcePolicy "resource-policy":
        "Cross-Origin-Resource-Policy or the page's Cross-Origin-Embedder-Policy blocks the response",
        "this check concerns requests without CORS, such as those of images, scripts and mode no-cors" at "https://fetch.spec.whatwg.org/#cross-origin-resource-policy-header",
        "send Cross-Origin-Resource-Policy: cross-origin with the resource, or ask for it with CORS (crossorigin, or mode cors)";
    /// Opaque response blocking.
    OpaqueBlocked "opaque-blocked":
        "the browser withholds a response that is not what the element expects",
        "a response to a request without CORS is blocked if its type is one that an element cannot use" at "https://fetch.spec.whatwg.org/#orb",
        "correct the address and the Content-Type of the response, or ask for it with CORS";
    /// A `no-cors` request.
    OpaqueResponse "opaque-response":
        "mode no-cors gives the page a response that it cannot read",
        "with this mode status, headers and body are hidden, and there is no error message" at "https://fetch.spec.whatwg.org/#concept-filtered-response-opaque",
        "remove mode: \"no-cors\", and let the server send Access-Control-Allow-Origin";
    /// A `SameSite` cookie was not sent or not stored.
    SameSiteCookie "same-site-cookie":
        "a cookie is not sent or not stored, because its SameSite attribute does not allow other sites",
        "cookies go to another site only with SameSite=None; Secure, and where the browser allows third-party cookies" at "https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-samesite-attribute-2",
        "set the cookie with SameSite=None; Secure, or serve page and API from one site";
    /// The script's own error, which says nothing.
    NoReason "no-reason":
        "this message does not say why the request failed",
        "a script never learns the reason; the console shows it in another line" at "https://fetch.spec.whatwg.org/#concept-network-error",
        "copy the line before or after it that begins with the address, or the output of curl -v";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_code_and_stands_in_the_docs() {
        let page = include_str!("../../../docs/causes.md");
        for (index, cause) in Cause::ALL.iter().enumerate() {
            assert!(
                Cause::ALL[index + 1..]
                    .iter()
                    .all(|other| other.code() != cause.code())
            );
            assert!(
                page.contains(&format!("### `{}`\n", cause.code())),
                "{}",
                cause.code()
            );
            assert!(cause.rule_url().starts_with("https://"));
        }
        let headings = page.matches("\n### `").count();
        assert_eq!(headings, Cause::ALL.len());
    }
}
