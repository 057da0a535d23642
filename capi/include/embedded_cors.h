/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * embedded_cors: a CORS engine for any HTTP server.
 *
 * The library compares the header fields of a request with a policy, decides as the Fetch Standard
 * says (https://fetch.spec.whatwg.org/#http-cors-protocol), and writes the CORS fields of the
 * response into memory of the caller's. It allocates nothing and has no global state. It calls
 * memcpy, memmove, memset, memcmp and bcmp, or their counterparts of the ARM run-time ABI such as
 * __aeabi_memcpy, and no other function.
 *
 *     ecors_config          -> ecors_policy_init -> ecors_policy
 *     several ecors_configs -> ecors_rules_init  -> ecors_policy
 *
 *     fields or a whole head   -> ecors_request_... -> ecors_request -> ecors_decide
 *     a head in pieces         -> ecors_reader_push -> ecors_reader  -> ecors_reader_decide
 *
 *     ecors_decision -> ecors_decision_fields, _field_lines or _response -> text
 *
 * A server decides about each request before it routes and before it authenticates. What it does
 * next depends on the kind of the request:
 *
 *     ECORS_PREFLIGHT   The server answers at once: ecors_decision_status, the fields of the
 *                       decision, no content.
 *     ECORS_ACTUAL      The server answers as usual, whatever the status, and adds the fields.
 *     ECORS_NOT_CORS    The same. The request has no Origin, but caches need the Vary.
 *     a negative number The program has a mistake. Nothing can be written, so browsers refuse.
 *
 * A refused request has a kind as well. The fields of its decision make browsers refuse it.
 *
 * Rules for all functions
 *
 * - Results. A function that returns int returns a negative number, ECORS_E_..., if it fails, and 0
 *   or more if it succeeds. ecors_strerror has a text for each error.
 * - Failures. A function that fails leaves nothing that could be sent: the first byte of a buffer
 *   is NUL, a count is 0, and all other functions refuse a struct whose initialisation failed. A
 *   caller that ignores an error therefore sends no CORS fields.
 * - Strings. Input is a pointer and a length, and needs no NUL. (NULL, 0) is the empty string. NULL
 *   with another length, or a length above PTRDIFF_MAX, is ECORS_E_ARG. Text in a buffer of the
 *   caller's ends with a NUL, which its length does not count.
 * - Other pointers. NULL is ECORS_E_ARG unless the function says otherwise. Memory that a function
 *   writes must not overlap with other memory that it reads or writes. Structs have to be aligned
 *   like a pointer, as every allocator aligns them. Buffers and the memory of a policy need no
 *   alignment.
 * - Structs of the caller's. The caller allocates ecors_request, ecors_reader and ecors_decision:
 *   static, on the stack or in a pool. There is nothing to free. Their contents are private, and
 *   they have spare room, so that a binary works with later versions of the library. A copy by
 *   memcpy borrows what the original borrows. A decision that a reader made borrows that reader,
 *   not a copy of it. A function that gets a struct of zeros, or one whose initialisation failed,
 *   returns ECORS_E_STATE. Do not pass a struct that was never written, since it may hold what an
 *   earlier one left in its memory. Write = { { 0 } } where some paths skip the initialisation.
 * - Lifetimes. A function that keeps a pointer says what it borrows and for how long. What is
 *   borrowed must neither change nor go away during that time. All other functions keep no pointer.
 * - Threads. Any number of threads may use one const ecors_policy at once, and one const
 *   ecors_decision too. A struct that is being written belongs to one thread. The library has no
 *   locks, no errno and no thread-local memory. Signal and interrupt handlers may call every
 *   function, except on a struct that the interrupted code is writing.
 * - Replacing a policy. A policy never changes. To replace it, make another one in other memory and
 *   publish its pointer. The old memory may be reused when no thread works on a request that began
 *   with the old policy any more. README.md shows how, in code that is tested.
 *
 * The plain library
 *
 * README.md says how to build a smaller library, which lacks some parts. A program that defines one
 * of these macros before it includes this header does not see the functions of that part. Without
 * the macro, the linker finds a function that the library lacks.
 *
 *     ECORS_WITHOUT_READERS     heads in pieces: ecors_reader_...
 *     ECORS_WITHOUT_RULES       several configurations in one policy: ecors_rules_...
 *     ECORS_WITHOUT_DOORS       hosts, WebSockets and forms: ecors_doors_...
 *     ECORS_WITHOUT_MERGE_VARY  ecors_decision_merge_vary
 *     ECORS_WITHOUT_CHECKS      checks of one value each: ecors_check_...
 *     ECORS_WITHOUT_TEXTS       ecors_error_message, ecors_reason_..., ecors_strerror
 *
 * A library without texts describes every mistake in the same words: only the other members of
 * ecors_error differ. Two parts have no functions. A library without an index takes lists of less
 * than ECORS_INDEX_MIN_ORIGINS origins only; a longer one is a mistake. In a library without
 * rendering ECORS_RENDER has no effect: the answers are the same.
 */
#ifndef EMBEDDED_CORS_H
#define EMBEDDED_CORS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ECORS_VERSION_MAJOR 0
#define ECORS_VERSION_MINOR 1
#define ECORS_VERSION_PATCH 0

/* The version of the ABI, which is the number in the shared library's name. A new number means that
 * programs have to be compiled again. Compare it with ecors_abi_version(). */
#define ECORS_ABI_VERSION 0

/* Errors. */
#define ECORS_OK 0
#define ECORS_E_ARG (-1)        /* an argument that the rules exclude: NULL, misaligned, too long */
#define ECORS_E_STATE (-2)      /* a struct is not initialised, or does not suit the function */
#define ECORS_E_CONFIG (-3)     /* the configuration has a mistake, which ecors_error describes */
#define ECORS_E_MEMORY (-4)     /* the memory or the buffer is too small */
#define ECORS_E_ABI (-5)        /* ecors_config.struct_size is not the size in this library */
#define ECORS_E_HEAD (-6)       /* the head does not begin with a method and a space */
#define ECORS_E_INCOMPLETE (-7) /* the head has no empty line at its end */

/* Where a size_t is a position, this value says that there is none. */
#define ECORS_NO_POSITION ((size_t)-1)

/* Bytes and their number. */
typedef struct ecors_str {
  const char *ptr;
  size_t len;
} ecors_str;

/* Initialises an ecors_str from a string literal. It does not compile for a pointer. */
#define ECORS_STR(literal) { "" literal "", sizeof(literal) - 1 }

/* Strings and their number. */
typedef struct ecors_list {
  const ecors_str *items;
  size_t len;
} ecors_list;

/* Initialises an ecors_list from an array of ecors_str (not from a pointer to one). */
#define ECORS_LIST(array) { (array), sizeof(array) / sizeof((array)[0]) }
/* Initialises an empty ecors_list. */
#define ECORS_NO_LIST { NULL, 0 }

/* ------------------------------------------------------------------------------ Configuration */

/* Flags of a configuration. Without flags pages can read responses only if they send no
 * credentials. An allowed preflight is answered 204, and a refused one 403. */

/* Allows credentials: cookies, HTTP authentication and client certificates. It excludes the origins
 * "*", "null", "file://" and every host of a scheme.
 * https://fetch.spec.whatwg.org/#cors-protocol-and-credentials */
#define ECORS_CREDENTIALS 0x1u
/* Lets the pages of the allowed origins read how long a response took, by Timing-Allow-Origin.
 * Images and scripts that are loaded without CORS send no Origin, so every response to a request
 * other than a preflight has all origins of the list, or "*". Of a list with patterns or with
 * ECORS_INDEX_MIN_ORIGINS entries and more, and of a predicate, only an origin that the request has
 * and that is allowed is written; requests without Origin are then not covered.
 * https://www.w3.org/TR/resource-timing/#sec-timing-allow-origin */
#define ECORS_TIMING 0x2u
/* Allows the pages of the visitor's own machine: http and https, with localhost, the names under
 * it, 127.0.0.0/8 and [::1], with any port or none. Credentials are allowed with it. It is for
 * servers on the same machine and for development. On a remote server it trusts every program on
 * the visitor's machine that serves pages there. */
#define ECORS_LOOPBACK 0x400u
/* Hides the lists: a preflight for a method or header that is not allowed is answered exactly like
 * one from an origin that is not allowed. */
#define ECORS_HIDE_LISTS_WHEN_REFUSED 0x4u
/* Answers a preflight with the method and headers that it requests, instead of with whole lists or
 * "*". */
#define ECORS_ANSWER_ONLY_REQUESTED 0x8u
/* Accepts Access-Control-Request-Headers only as the Fetch Standard writes it: names in lower case,
 * sorted, without duplicates, in one line.
 * https://fetch.spec.whatwg.org/#cors-preflight-fetch */
#define ECORS_STRICT_REQUEST_HEADERS 0x10u
/* Answer allowed preflights with 200 instead of 204, or with 204 and no content-length. Set at most
 * one of them. RFC 9110 section 8.6 forbids content-length beside 204; with neither flag
 * ecors_decision_response writes "content-length: 0" nevertheless, since some clients and proxies
 * wait for content without it. */
#define ECORS_SUCCESS_STATUS_200 0x20u
#define ECORS_SUCCESS_STATUS_204_BARE 0x200u
/* Answer refused preflights with 204 or with 200 instead of 403. Set at most one of them. */
#define ECORS_REFUSED_STATUS_204 0x40u
#define ECORS_REFUSED_STATUS_200 0x80u
/* Renders the parts of responses that do not depend on the request, once, into the policy's memory.
 * The answers stay the same and take fewer instructions. It takes ECORS_RENDERED_SIZE. */
#define ECORS_RENDER 0x100u
/* Permit, with credentials: http: origins other than loopback, those of "*://" and of address
 * ranges too; a "*" in a name under a single label, as in "*.com" and "pr-*.com"; and a predicate.
 * Anyone who controls such a site, or the network in between, can act as the user. */
#define ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS 0x10000u
#define ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS 0x20000u
#define ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS 0x40000u

/* Returns 1 if the origin is allowed; every other number refuses it.
 *
 * The library calls it at most once for a decision, or twice if the policy is a rule, and only
 * about an origin that no entry of the policy allows. The origin is valid, neither "null" nor
 * "file://", and not NUL-terminated; it may not be used after the call. Every thread that decides
 * calls the function. It must not change the policy, its lists, or the request, reader and decision
 * of the call, and it must return: no longjmp, no C++ exception.
 *
 * It does not see the request. If the answer depends on more than the origin, choose the policy for
 * each request, or make one whose predicate_user points to what the server knows of the request:
 * README.md says how. */
typedef int (*ecors_origin_predicate)(void *user, const char *origin, size_t len);

/* A policy as plain data. It may be static const. Later versions add members at the end only. */
typedef struct ecors_config {
  /* sizeof(ecors_config). */
  size_t struct_size;
  /* ECORS_CREDENTIALS and so on, combined by |. */
  uint32_t flags;
  /* For how many seconds browsers may keep the answer to a preflight, 0 to 86400. With -1 responses
   * have no Access-Control-Max-Age, and browsers keep the answer for 5 seconds. */
  int32_t max_age_seconds;
  /* The origins that may read responses, up to 1048575 entries, in any order. An origin is written
   * as browsers write it, such as "https://example.com:8443" or "app://.": in lower case, without a
   * path, a slash at the end or the scheme's default port. Patterns stand for several origins:
   * - "*." before the domain: all its subdomains, but not the domain itself;
   * - one "*" inside the first label, as in "https://pr-*.example.com": one or more characters that
   *   are not dots;
   * - ":3000-3010" after the host: these ports; ":*" after the host: any port, or none;
   * - "*://" before the host: http and https;
   * - "*" alone as the host, after "chrome-extension://" or another scheme: every host;
   * - a range of addresses as the host, as in "http://192.168.0.0/16:*" or "http://[fd00::]/8";
   * - "*" alone: every origin.
   * "file://" and "null" are what browsers send for pages from files; frames with a sandbox send
   * "null" too.
   *
   * With ECORS_CREDENTIALS, "*", "null", "file://" and every host of a scheme are mistakes, and
   * some other entries need a flag ECORS_DANGEROUSLY_ALLOW_... For what no pattern expresses, such
   * as exactly one label, there is origin_predicate. */
  ecors_list origins;
  /* The methods that are allowed besides GET, HEAD and POST, which need no permission. "*" allows
   * every method. Up to 64 entries. */
  ecors_list methods;
  /* The request headers that are allowed. "*" allows every header except Authorization, which has
   * to be listed. Up to 64 entries. */
  ecors_list headers;
  /* The response headers that scripts may read. "*" exposes every header and excludes credentials.
   * Up to 64 entries. */
  ecors_list expose;
  /* Decides about origins that are not listed; NULL for none. */
  ecors_origin_predicate origin_predicate;
  /* The first argument of every call of origin_predicate. */
  void *predicate_user;
  /* Used for the index of a long list of origins. Fill all its bytes at random if other people
   * choose the origins, as tenants of a service do: anyone who knows it can choose origins that
   * make ecors_policy_init fail. They are bytes, so that a source of random bytes can write them:
   *     getrandom(config.index_seed, sizeof config.index_seed, 0) */
  unsigned char index_seed[8];
} ecors_config;

/* Initialises a configuration that allows nothing and has no Access-Control-Max-Age, to be filled
 * in. (A configuration of zeros has a max-age of 0, so browsers preflight every request.) */
#define ECORS_CONFIG_INIT {                                                                        \
  sizeof(ecors_config), 0, -1, ECORS_NO_LIST, ECORS_NO_LIST, ECORS_NO_LIST, ECORS_NO_LIST, NULL, NULL, { 0 } }

/* A mistake in a configuration. Unless a function says otherwise, setting, what and fix are static.
 * A server whose configuration has other names may change the members, and then call
 * ecors_error_message. */
typedef struct ecors_error {
  /* The member of the configuration, or the argument: "origins". NUL-terminated, never NULL. */
  const char *setting;
  /* What is wrong, such as "has a path or a slash". Not NUL-terminated, never empty. */
  ecors_str what;
  /* What to write instead. Not NUL-terminated, never empty. */
  ecors_str fix;
  /* The entry, borrowed from the configuration or from the value that was checked. (NULL, 0) if the
   * mistake is not in an entry. */
  ecors_str entry;
  /* The index of the entry in its list, or ECORS_NO_POSITION. */
  size_t index;
  /* The index of the first wrong byte in the entry, or ECORS_NO_POSITION if no byte is to blame. */
  size_t byte;
  /* The index of the rule, for a mistake that ecors_rules_init found in one rule; otherwise
   * ECORS_NO_POSITION. */
  size_t rule;
  /* The flag of ecors_config that permits this nevertheless, or 0. It is 0 for doors. */
  uint32_t permitted_by;
  /* Zero. Later versions may use them. */
  uint32_t reserved[5];
} ecors_error;

#ifndef ECORS_WITHOUT_TEXTS
/* Writes the whole sentence into a buffer, such as
 *     origins[1] "https://example.com/": has a path or a slash at byte 19; an origin ends after its
 *     host and port
 * in one line. A message about a rule begins with the rule, as in "rules[2].origins[1]". Bytes of
 * the entry that are not printable ASCII become "?", and an entry of more than 80 bytes is
 * truncated. The sentence leaves out positions that are ECORS_NO_POSITION, an entry that is (NULL,
 * 0), and a permitted_by that is 0. *len, unless len is NULL, becomes the length of the sentence;
 * size has to be greater than that. Returns ECORS_OK, ECORS_E_ARG or ECORS_E_MEMORY. */
int ecors_error_message(const ecors_error *error, char *buffer, size_t size, size_t *len);
#endif

#ifndef ECORS_WITHOUT_CHECKS
/* Check one value each, for servers that read their configuration line by line. Only
 * ecors_policy_init finds what credentials exclude and what depends on other entries. On failure
 * *error, unless error is NULL, describes the mistake, without an index; it borrows the value.
 * Return ECORS_OK, ECORS_E_ARG or ECORS_E_CONFIG. */
int ecors_check_origin(const char *value, size_t len, ecors_error *error);
int ecors_check_method(const char *value, size_t len, ecors_error *error);
int ecors_check_header(const char *value, size_t len, ecors_error *error);
int ecors_check_exposed_header(const char *value, size_t len, ecors_error *error);
int ecors_check_max_age(int32_t seconds, ecors_error *error);
#endif

/* ----------------------------------------------------------------------------------- Policies */

/* A policy, or rules, in memory of the caller's. It never changes, and it can be neither copied nor
 * moved. */
typedef struct ecors_policy ecors_policy;

/* Returns the bytes that ecors_policy_init needs for this configuration, whatever their alignment.
 * Returns 0 if config is NULL, if its struct_size is wrong, or if no memory is large enough. */
size_t ecors_policy_size(const ecors_config *config);

/* The bytes that a policy with this many entries needs at most, as a constant expression:
 *     static unsigned char memory[ECORS_POLICY_SIZE(4, 2, 3, 0)];
 * With ECORS_RENDER add ECORS_RENDERED_SIZE. */
#define ECORS_POLICY_SIZE(origins, methods, headers, expose)                                       \
  (sizeof(void *) * 96 + sizeof(ecors_str) * ((size_t)(origins) + (methods) + (headers) + (expose)) + \
   ((origins) >= ECORS_INDEX_MIN_ORIGINS ? (size_t)(origins) * 8 : 0))
/* A list of this many origins or more gets an index, so that looking up an origin takes the same
 * time whatever the length of the list. */
#define ECORS_INDEX_MIN_ORIGINS 33
/* The bytes that ECORS_RENDER adds at most. The argument is the length of all methods, headers and
 * exposed headers together, with ECORS_TIMING that of all origins too, and 1 for each of them. */
#define ECORS_RENDERED_SIZE(bytes) (512 + (size_t)(bytes))

/* Checks a configuration and makes the policy. *policy then points into the memory. On failure
 * *policy is NULL, and *error, unless error is NULL, describes the mistake.
 *
 * The memory belongs to the policy until the policy is no longer used. For the same time the policy
 * borrows the bytes of all strings, and predicate_user. It copies everything else, so the
 * configuration and its arrays may go.
 *
 * Returns ECORS_OK, ECORS_E_ARG, ECORS_E_CONFIG, ECORS_E_MEMORY (size is less than
 * ecors_policy_size) or ECORS_E_ABI. */
int ecors_policy_init(void *memory, size_t size, const ecors_config *config, const ecors_policy **policy, ecors_error *error);

#ifndef ECORS_WITHOUT_RULES
/* Checks the configurations of rules and makes a policy of them, for one resource that different
 * origins may use in different ways: everyone without credentials and some sites with them, or
 * other methods for other sites. The first rule whose origins allow the origin of a request decides
 * alone: it allows or refuses the request, and nothing of other rules is added. If no rule allows
 * the origin, the request is refused. An Origin that is malformed or repeated is decided by the
 * first rule with "*", if there is one.
 *
 * If there is more than one rule, every response has "Vary: origin", and the response to a request
 * without Origin has no other field. A rule that could never decide, because earlier rules allow
 * each of its origins, is a mistake. A request costs one look-up of its origin in each rule up to
 * the one that decides, and another one there.
 *
 * *policy is used like any other policy: every function that takes a policy takes rules. The
 * memory, what is borrowed, *error and the result are as with ecors_policy_init. The array of rules
 * may go too. There are 1 to ECORS_MAX_RULES rules. */
#define ECORS_MAX_RULES 16
int ecors_rules_init(void *memory, size_t size, const ecors_config *rules, size_t count, const ecors_policy **policy,
                     ecors_error *error);

/* Returns the bytes that ecors_rules_init needs: the sum of ecors_policy_size of all rules. So the
 * sum of their ECORS_POLICY_SIZE is enough. Returns 0 if rules is NULL, if count is not 1 to
 * ECORS_MAX_RULES, if a struct_size is wrong, or if no memory is large enough. */
size_t ecors_rules_size(const ecors_config *rules, size_t count);
#endif

/* Returns the size of a buffer that is large enough for every decision of this policy, in each way
 * of writing it, with all NULs. Add the length of a Vary that is merged, and 8. Returns 0 if policy
 * is not a policy. */
size_t ecors_policy_max_response_size(const ecors_policy *policy);

/* Returns the number of fields that a decision of this policy has at most. Returns 0 if policy is
 * not a policy. */
size_t ecors_policy_max_fields(const ecors_policy *policy);

/* ----------------------------------------------------------------------------------- Requests */

/* The request fields that the library reads, for servers that have to name in advance the fields
 * that they want. The library accepts fields of other names and ignores them. */
#define ECORS_ORIGIN "Origin"
#define ECORS_REQUEST_METHOD "Access-Control-Request-Method"
#define ECORS_REQUEST_HEADERS "Access-Control-Request-Headers"

/* The length of the longest origin that can be allowed. */
#define ECORS_MAX_ORIGIN_LEN 327

/* The CORS fields of a request, borrowed from where the server keeps them. */
typedef struct ecors_request {
  void *opaque[sizeof(void *) > 4 ? 32 : 36];
} ecors_request;

/* Starts a request, to which the fields are added one by one. Methods are case-sensitive. Borrows
 * nothing.
 * Returns ECORS_OK or ECORS_E_ARG. */
int ecors_request_init(ecors_request *request, const char *method, size_t method_len);

/* Adds a field line. Add all lines of the request, also several with one name: a request with two
 * Origin lines has to be refused. Names are compared without regard to case, and white space around
 * the value is ignored.
 * Borrows the value until the decision is written; does not borrow the name.
 * Returns ECORS_OK, ECORS_E_ARG or ECORS_E_STATE. After ECORS_E_ARG the request counts as
 * incomplete. */
int ecors_request_add_field(ecors_request *request, const char *name, size_t name_len, const char *value, size_t value_len);

/* Adds a field line whose value the server does not have in full. The request is refused if the
 * decision depends on that value. Borrows nothing.
 * Returns ECORS_OK, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_request_add_truncated_field(ecors_request *request, const char *name, size_t name_len);

/* Records that the server dropped field lines without knowing which. ecors_decide then refuses the
 * request; ecors_decide_for_error_reply does not.
 * Returns ECORS_OK, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_request_mark_incomplete(ecors_request *request);

/* Read a request from bytes:
 * - from_head: a head, from its request line to its empty line;
 * - from_header_section: the field lines and the empty line, without the request line;
 * - from_incomplete_head: the beginning of a head that the server gave up reading, for
 *   ecors_decide_for_error_reply.
 * Lines end with CRLF or LF. Bytes after the empty line are ignored. The struct need not be
 * initialised before.
 * Borrow the head or section until the decision is written; do not borrow the method.
 * Return ECORS_OK, ECORS_E_ARG, ECORS_E_HEAD (there is no request line) or ECORS_E_INCOMPLETE
 * (there is no empty line). */
int ecors_request_from_head(ecors_request *request, const char *head, size_t len);
int ecors_request_from_header_section(ecors_request *request, const char *method, size_t method_len, const char *section,
                                      size_t len);
int ecors_request_from_incomplete_head(ecors_request *request, const char *head, size_t len);

/* Return 1 if the request is a CORS request (it has an Origin), or a preflight (OPTIONS with an
 * Origin and an Access-Control-Request-Method). Return 0 otherwise, also if request is not a
 * request. https://fetch.spec.whatwg.org/#cors-preflight-request */
int ecors_request_is_cors(const ecors_request *request);
int ecors_request_is_preflight(const ecors_request *request);

/* ------------------------------------------------------------------------------------ Readers */

#ifndef ECORS_WITHOUT_READERS
/* Reads a head in pieces, as a socket delivers them.
 *
 * The reader keeps the origin and the method. It keeps no requested headers: it checks their names
 * against the policy while they arrive, however long and however many they are. Three kinds of
 * policy need the names later: those with ECORS_STRICT_REQUEST_HEADERS; those with "*" among the
 * headers and ECORS_CREDENTIALS or ECORS_ANSWER_ONLY_REQUESTED; and rules. With them the values of
 * the three request fields together may have ECORS_READER_BYTES. A longer value counts as
 * truncated. */
typedef struct ecors_reader {
  void *opaque[sizeof(void *) > 4 ? 68 : 124];
} ecors_reader;

#define ECORS_READER_BYTES 392

/* Start a reader for one request: for a whole head, or for a header section if the server has read
 * the request line itself.
 * Borrow the policy until the last decision of this reader is written; do not borrow the method.
 * Return ECORS_OK, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_reader_init(ecors_reader *reader, const ecors_policy *policy);
int ecors_reader_init_for_header_section(ecors_reader *reader, const ecors_policy *policy, const char *method, size_t method_len);

/* The head goes on, or it is complete. */
#define ECORS_NEEDS_MORE 0
#define ECORS_DONE 1

/* Reads the next piece, of any length. Borrows nothing. Decisions that this reader has made before
 * must not be used any more; the same holds for ecors_reader_init.
 * *used, unless used is NULL, becomes the number of bytes that belong to the head: the whole piece
 * before the end of the head, none after it.
 * Returns ECORS_NEEDS_MORE, ECORS_DONE, ECORS_E_ARG, ECORS_E_STATE or ECORS_E_HEAD. ECORS_E_ARG
 * leaves the reader as it was. After ECORS_E_HEAD every later piece gets it too. */
int ecors_reader_push(ecors_reader *reader, const char *piece, size_t len, size_t *used);
#endif

/* ---------------------------------------------------------------------------------- Decisions */

/* What a policy says about a request. It borrows the policy, and the values of the request or the
 * reader, until it is written. It does not borrow the ecors_request. */
typedef struct ecors_decision {
  void *opaque[sizeof(void *) > 4 ? 40 : 48];
} ecors_decision;

/* The kinds of requests. */
#define ECORS_NOT_CORS 0  /* it has no Origin */
#define ECORS_ACTUAL 1    /* the server's handler answers it */
#define ECORS_PREFLIGHT 2 /* the server answers it without a handler */

/* Decide about a request. An incomplete request is refused.
 * Return the kind, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_decide(const ecors_policy *policy, const ecors_request *request, ecors_decision *decision);
#ifndef ECORS_WITHOUT_READERS
int ecors_reader_decide(const ecors_reader *reader, ecors_decision *decision);
#endif

/* Decide which fields an error reply has if the server did not read or did not understand the whole
 * request, as with 400, 408, 413, 414 and 431. The decision depends on the origin only. Every other
 * error reply, such as 401, 404 and 500, has the fields of ecors_decide.
 * Return ECORS_ACTUAL, ECORS_NOT_CORS, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_decide_for_error_reply(const ecors_policy *policy, const ecors_request *request, ecors_decision *decision);
#ifndef ECORS_WITHOUT_READERS
int ecors_reader_decide_for_error_reply(const ecors_reader *reader, ecors_decision *decision);
#endif

/* Returns the kind, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_decision_kind(const ecors_decision *decision);

/* Returns 1 if the request is a CORS request and allowed. Returns 0 otherwise, also if decision is
 * not a decision. */
int ecors_decision_is_allowed(const ecors_decision *decision);

/* Returns why the request is refused, as a number for ecors_reason_name, or 0 if it is not refused.
 * Returns ECORS_E_ARG or ECORS_E_STATE otherwise. */
int ecors_decision_reason(const ecors_decision *decision);

/* Return where in the request the reason is: the index of the first wrong byte in the Origin, or
 * the index of the name among the requested headers, counted from 0 over all lines. Return
 * ECORS_NO_POSITION if the reason has no such position, or if decision is not a decision. */
size_t ecors_decision_reason_byte(const ecors_decision *decision);
size_t ecors_decision_reason_header(const ecors_decision *decision);

/* Returns the status of the answer to a preflight: 204, 200 or 403. Returns 0 for other requests,
 * whose status the server chooses, and ECORS_E_ARG or ECORS_E_STATE. */
int ecors_decision_status(const ecors_decision *decision);

#ifndef ECORS_WITHOUT_MERGE_VARY
/* Merges the Vary that the response already has. The Vary of the decision then has the members of
 * both and replaces the response's. A server that can send two Vary lines need not merge. Join
 * several lines with commas first: a second call replaces the value of the first.
 * Borrows the value until the decision is written.
 * Returns ECORS_OK, ECORS_E_ARG (also for a value that is not a list of field names) or
 * ECORS_E_STATE. */
int ecors_decision_merge_vary(ecors_decision *decision, const char *value, size_t len);
#endif

/* A field of a response. */
typedef struct ecors_field {
  const char *name;  /* static, NUL-terminated, in lower case */
  size_t name_len;
  const char *value; /* in the caller's buffer, NUL-terminated */
  size_t value_len;
  /* 1 to add the field beside others of its name, 0 to replace those. Only a Vary that was not
   * merged has 1. */
  int append;
} ecors_field;

/* The places of an ecors_fields. Later versions with this ABI may need more than this one, but not
 * more than there are. ecors_policy_max_fields returns the number that a policy really needs. */
#define ECORS_MAX_FIELDS 10

typedef struct ecors_fields {
  size_t len;
  ecors_field items[ECORS_MAX_FIELDS];
  /* Zero. Later versions may use them. */
  size_t reserved[2];
} ecors_fields;

/* The next three functions write the CORS fields of a response into a buffer, each in another form.
 * They write everything or nothing. The buffer borrows nothing: request, reader, decision and
 * policy may go afterwards.
 *
 * A buffer of ecors_policy_max_response_size is always large enough. On ECORS_E_MEMORY the last
 * argument says how much is needed, so a call with (NULL, 0) measures.
 * Return ECORS_OK, ECORS_E_ARG, ECORS_E_STATE or ECORS_E_MEMORY. */

/* Writes the fields as pairs of a name and a value. The values lie in the buffer, which has to live
 * as long as they are used. *needed, unless needed is NULL, becomes the size that the buffer has to
 * have. */
int ecors_decision_fields(const ecors_decision *decision, char *buffer, size_t size, ecors_fields *fields, size_t *needed);

/* Writes the fields as lines, "name: value\r\n" each, without an empty line. *len, unless len is
 * NULL, becomes the length of the text; size has to be greater than that. */
int ecors_decision_field_lines(const ecors_decision *decision, char *buffer, size_t size, size_t *len);

/* Writes the whole HTTP/1.1 response to a preflight: status line, fields, "content-length: 0",
 * empty line. For other requests it returns ECORS_E_STATE. *len is as above. */
int ecors_decision_response(const ecors_decision *decision, char *buffer, size_t size, size_t *len);

/* -------------------------------------------------------------------------------------- Doors */

#ifndef ECORS_WITHOUT_DOORS

/* CORS decides who may read a response. A page of a stranger can still post a form, open a
 * WebSocket, hold an event stream open and, by DNS rebinding, become a page of the server itself.
 * Doors decide on these too, once for each request, before the server routes it and before it
 * upgrades a connection. docs/doors.md has the rules.
 *
 *     ecors_doors_config -> ecors_doors_init -> ecors_doors
 *     ecors_doors_request_... -> ecors_doors_request  \
 *     ecors_doors_reader_push -> ecors_doors_reader   -> ecors_doors_decide, _reader_decide
 *
 * With ECORS_DOORS_ANSWER the server sends the response of the decision at once: the request is
 * refused, or is a preflight. With ECORS_DOORS_PASS it answers as usual and adds the fields. Any
 * other result is a mistake in the program: answer 403. A server that calls these functions calls
 * neither ecors_decide nor ecors_request_...: the decision contains that of the policy. */

/* Flags of doors. */

/* The hosts that the server answers to, besides those that are listed: every address; "localhost"
 * and the names under it; every name under "local". None of them can be reached by DNS rebinding.
 * Without hosts and without these flags every host is accepted, and nothing stops DNS rebinding. */
#define ECORS_DOORS_IP_LITERALS 0x1u
#define ECORS_DOORS_LOCALHOST 0x2u
#define ECORS_DOORS_LOCAL_NAMES 0x4u
/* Pages reach the server over https, by itself or by a proxy: a page with the same host that came
 * over http is not the server's own. */
#define ECORS_DOORS_OVER_HTTPS 0x8u
/* Refuses WebSocket handshakes and unsafe methods without Origin, unless Sec-Fetch-Site is
 * "same-origin" or "none". This excludes most programs that are not browsers. */
#define ECORS_DOORS_REQUIRE_ORIGIN 0x10u
/* Refuses each request, of any method, whose Origin is neither allowed by the policy nor that of
 * the server's own page. The transports of the Model Context Protocol require this. */
#define ECORS_DOORS_ENFORCE 0x20u
/* Refuse requests with safe methods too if Sec-Fetch-Site is "cross-site", or also if it is
 * "same-site", unless the policy allows the origin or the request is a navigation that is not one
 * of an object or embed element. https://www.w3.org/TR/fetch-metadata/ */
#define ECORS_DOORS_ISOLATE 0x40u
#define ECORS_DOORS_ISOLATE_SAME_SITE 0x80u
/* Answers a valid host that is not the server's with 421 instead of 403, for servers with TLS and
 * HTTP/2. */
#define ECORS_DOORS_HOST_STATUS_421 0x100u
/* Send Cross-Origin-Resource-Policy: "same-origin", "same-site" or "cross-origin". Set at most one
 * of them. */
#define ECORS_DOORS_RESOURCES_SAME_ORIGIN 0x200u
#define ECORS_DOORS_RESOURCES_SAME_SITE 0x400u
#define ECORS_DOORS_RESOURCES_CROSS_ORIGIN 0x800u
/* Lets each origin that the policy allows use unsafe methods, also if "*", every host of a scheme,
 * "null" or "file://" allows it. With "*" a form on any page can then change what the server
 * controls. */
#define ECORS_DOORS_DANGEROUSLY_TRUST_EVERY_ALLOWED_ORIGIN 0x10000u
/* Accepts "*." before a single label among the hosts, as in "*.lan". If anyone can register a name
 * there, DNS rebinding is possible again. */
#define ECORS_DOORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES 0x20000u

/* Doors as plain data. It may be static const. Later versions add members at the end only. */
typedef struct ecors_doors_config {
  /* sizeof(ecors_doors_config). */
  size_t struct_size;
  /* ECORS_DOORS_IP_LITERALS and so on, combined by |. */
  uint32_t flags;
  /* Zero. */
  uint32_t reserved;
  /* The hosts that the server answers to, without a scheme: names such as "lamp.local", "*." and a
   * domain for all its subdomains, addresses such as "192.168.4.1" and "[fd00::1]". A port after
   * the host, as in "lamp.local:8080", admits that port only; without it every port is accepted. A
   * device that gets its addresses at run time makes its doors when it has them. */
  ecors_list hosts;
} ecors_doors_config;

/* Initialises doors without hosts and without flags, to be filled in. */
#define ECORS_DOORS_CONFIG_INIT { sizeof(ecors_doors_config), 0, 0, ECORS_NO_LIST }

/* Doors in memory of the caller's. They never change, and can be neither copied nor moved. */
typedef struct ecors_doors ecors_doors;

/* Returns the bytes that ecors_doors_init needs for this configuration, whatever their alignment.
 * Returns 0 if config is NULL, if its struct_size is wrong, or if no memory is large enough. The
 * macro is the same number as a constant expression. */
size_t ecors_doors_size(const ecors_doors_config *config);
#define ECORS_DOORS_SIZE(hosts) (sizeof(void *) * 24 + sizeof(ecors_str) * (size_t)(hosts))

/* Checks a configuration and makes the doors. *doors then points into the memory. On failure *doors
 * is NULL, and *error, unless error is NULL, describes the mistake.
 *
 * The memory belongs to the doors until they are no longer used. For the same time the doors borrow
 * the bytes of all hosts. They copy everything else.
 *
 * Returns ECORS_OK, ECORS_E_ARG, ECORS_E_CONFIG, ECORS_E_MEMORY or ECORS_E_ABI. */
int ecors_doors_init(void *memory, size_t size, const ecors_doors_config *config, const ecors_doors **doors, ecors_error *error);

/* Returns the size of a buffer that is large enough for every decision of these doors with this
 * policy, in each way of writing it, with all NULs. Returns 0 if one of them is not what it should
 * be. */
size_t ecors_doors_max_response_size(const ecors_doors *doors, const ecors_policy *policy);

/* The fields of a request that doors read, borrowed from where the server keeps them: those of an
 * ecors_request, Host, Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest, Upgrade, Accept, and the
 * pseudo-header fields :authority, :scheme and :protocol of HTTP/2. */
typedef struct ecors_doors_request {
  void *opaque[sizeof(void *) > 4 ? 48 : 60];
} ecors_doors_request;

/* These are like the functions for an ecors_request with the same names. */
int ecors_doors_request_init(ecors_doors_request *request, const char *method, size_t method_len);
int ecors_doors_request_add_field(ecors_doors_request *request, const char *name, size_t name_len, const char *value,
                                  size_t value_len);
int ecors_doors_request_add_truncated_field(ecors_doors_request *request, const char *name, size_t name_len);
int ecors_doors_request_mark_incomplete(ecors_doors_request *request);
int ecors_doors_request_from_head(ecors_doors_request *request, const char *head, size_t len);
int ecors_doors_request_from_header_section(ecors_doors_request *request, const char *method, size_t method_len,
                                            const char *section, size_t len);

/* Say what field lines do not: the target of the request line, whose authority counts if it is in
 * absolute form; that the version is HTTP/1.0, whose requests may lack a Host; that the response is
 * an event stream, which is known by "text/event-stream" in Accept otherwise.
 * Borrow the target until the decision is written.
 * Return ECORS_OK, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_doors_request_set_target(ecors_doors_request *request, const char *target, size_t len);
int ecors_doors_request_set_http_1_0(ecors_doors_request *request);
int ecors_doors_request_set_event_stream(ecors_doors_request *request);

/* Reads a head in pieces, as a socket delivers them. The values of the fields of an ecors_request,
 * the host and the authority of the target together may have ECORS_DOORS_READER_BYTES. A longer
 * value counts as truncated. */
typedef struct ecors_doors_reader {
  void *opaque[sizeof(void *) > 4 ? 104 : 200];
} ecors_doors_reader;

#define ECORS_DOORS_READER_BYTES 656

/* These are like the functions for an ecors_reader with the same names, but need no policy. */
int ecors_doors_reader_init(ecors_doors_reader *reader);
int ecors_doors_reader_init_for_header_section(ecors_doors_reader *reader, const char *method, size_t method_len);
int ecors_doors_reader_push(ecors_doors_reader *reader, const char *piece, size_t len, size_t *used);

/* What doors and a policy say about a request. It borrows what an ecors_decision borrows, but not
 * the doors. */
typedef struct ecors_doors_decision {
  void *opaque[sizeof(void *) > 4 ? 48 : 60];
} ecors_doors_decision;

/* The server answers as usual, and adds the fields; or it sends the response of the decision. */
#define ECORS_DOORS_PASS 0
#define ECORS_DOORS_ANSWER 1

/* Decide about a request. An incomplete request is refused.
 * Return ECORS_DOORS_PASS, ECORS_DOORS_ANSWER, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_doors_decide(const ecors_doors *doors, const ecors_policy *policy, const ecors_doors_request *request,
                       ecors_doors_decision *decision);
int ecors_doors_reader_decide(const ecors_doors *doors, const ecors_policy *policy, const ecors_doors_reader *reader,
                              ecors_doors_decision *decision);

/* Decides which fields an error reply has, such as a 400 to a head that the server could not read
 * to its end. It is like ecors_reader_decide_for_error_reply, and returns the same. */
int ecors_doors_reader_decide_for_error_reply(const ecors_policy *policy, const ecors_doors_reader *reader,
                                              ecors_decision *decision);

/* The ways into the server. */
#define ECORS_DOOR_HOST 0          /* the host is refused, so nothing else was decided */
#define ECORS_DOOR_PREFLIGHT 1     /* a preflight */
#define ECORS_DOOR_WEBSOCKET 2     /* a WebSocket handshake */
#define ECORS_DOOR_UNSAFE_METHOD 3 /* a method that changes something */
#define ECORS_DOOR_SAFE_METHOD 4   /* GET, HEAD, OPTIONS or TRACE */
#define ECORS_DOOR_EVENT_STREAM 5  /* a request for an event stream */

/* Returns the door, ECORS_E_ARG or ECORS_E_STATE. */
int ecors_doors_decision_door(const ecors_doors_decision *decision);

/* Returns 1 if the request is refused, also if decision is not a decision. Returns 0 otherwise. */
int ecors_doors_decision_is_refused(const ecors_doors_decision *decision);

/* Return why the request is refused, as a number for ecors_reason_name, or 0 if it is not refused;
 * and the index of the first wrong byte in the Origin or the host, or ECORS_NO_POSITION. */
int ecors_doors_decision_reason(const ecors_doors_decision *decision);
size_t ecors_doors_decision_reason_byte(const ecors_doors_decision *decision);

/* Returns the status of the response that the server sends at once: 400, 403 or 421, or that of a
 * preflight. Returns 0 for other requests, and ECORS_E_ARG or ECORS_E_STATE. */
int ecors_doors_decision_status(const ecors_doors_decision *decision);

/* These are like the functions for an ecors_decision with the same names. There can be two Vary
 * fields. The response is that to a refused request or to a preflight; for other requests
 * ecors_doors_decision_response returns ECORS_E_STATE. The content of a refused request is still to
 * be read, or the connection to be closed. */
int ecors_doors_decision_fields(const ecors_doors_decision *decision, char *buffer, size_t size, ecors_fields *fields,
                                size_t *needed);
int ecors_doors_decision_field_lines(const ecors_doors_decision *decision, char *buffer, size_t size, size_t *len);
int ecors_doors_decision_response(const ecors_doors_decision *decision, char *buffer, size_t size, size_t *len);

#endif /* ECORS_WITHOUT_DOORS */

/* -------------------------------------------------------------------------------------- Texts */

/* Returns 1 if this is the name of a response field of the CORS protocol, or Timing-Allow-Origin.
 * Remove such fields from the response if an upstream or a handler has set them: only those of the
 * decision may be sent. Returns 0 for other names, Vary among them.
 * https://fetch.spec.whatwg.org/#http-responses */
int ecors_is_cors_response_field(const char *name, size_t len);

#ifndef ECORS_WITHOUT_TEXTS
/* Return the name of a reason, such as "origin_not_allowed", its sentence, and the text of an
 * error. The texts are static, NUL-terminated, never NULL, and empty for a number without a
 * meaning. The numbers and names of reasons are stable. */
const char *ecors_reason_name(int reason);
const char *ecors_reason_sentence(int reason);
const char *ecors_strerror(int error);
#endif

/* Return ECORS_ABI_VERSION and the version, such as "0.1.0", of the library that is linked or
 * loaded. */
int ecors_abi_version(void);
const char *ecors_version(void);

/* Returns the size of a struct in the library that is linked or loaded, for languages that cannot
 * read this header. Returns 0 for another number, and for a struct of a part that the library
 * lacks. */
#define ECORS_SIZE_CONFIG 1
#define ECORS_SIZE_ERROR 2
#define ECORS_SIZE_REQUEST 3
#define ECORS_SIZE_READER 4
#define ECORS_SIZE_DECISION 5
#define ECORS_SIZE_FIELDS 6
#define ECORS_SIZE_DOORS_CONFIG 7
#define ECORS_SIZE_DOORS_REQUEST 8
#define ECORS_SIZE_DOORS_READER 9
#define ECORS_SIZE_DOORS_DECISION 10
size_t ecors_size(int which);

#ifdef __cplusplus
}
#endif

#endif
