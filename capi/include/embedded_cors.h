/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * embedded_cors: the CORS engine that every HTTP server can carry. It takes the header fields of a request and a policy, decides as
 * the Fetch Standard (https://fetch.spec.whatwg.org/) says, and writes the fields of the response into memory of the caller's. It
 * allocates nothing, has no global state, and calls nothing but memcpy, memmove, memset, memcmp and bcmp, or what the ARM run-time ABI has
 * for them, __aeabi_memcpy and so on.
 *
 *     ecors_config --ecors_policy_init--> ecors_policy --+
 *                                                        +--ecors_decide--> ecors_decision --ecors_decision_...--> bytes
 *     the server's parser --ecors_request_...--> ecors_request
 *     pieces of a head --ecors_reader_push--> ecors_reader --ecors_reader_decide--> ecors_decision
 *
 * A server asks before routing and before authentication, and does as it is told:
 *
 *     ECORS_PREFLIGHT        answers at once, with ecors_decision_status, the fields, and no content
 *     ECORS_ACTUAL           answers as it would have, whatever the status, with the fields besides its own
 *     ECORS_NOT_CORS         the same: caches need the Vary
 *     an error               is a mistake of the program; no field is written, so browsers refuse
 *
 * A request that is refused is one of these kinds too: its fields are then those that make browsers refuse.
 *
 * Rules for all functions
 *
 * - Results. An int that is negative is an error, ECORS_E_...; 0 and above is success. ecors_strerror has a text for each.
 * - Failing closed. A function that fails writes nothing that could be sent: a buffer's first byte is NUL, a count is 0, a struct
 *   that was to be initialised is refused by every other function. Whoever ignores the error sends no CORS field.
 * - Strings. Input is a pointer and a length, and needs no NUL. (NULL, 0) is the empty string; NULL with another length, and a length
 *   above PTRDIFF_MAX, are ECORS_E_ARG. Output is NUL-terminated, and its length does not count the NUL.
 * - Other pointers. NULL is ECORS_E_ARG, unless the function says what it means. Memory that a function writes must not overlap with
 *   memory that it reads, nor with other memory that it writes. Structs have to be aligned as the compiler aligns them, to 8 bytes
 *   on 32-bit machines too, where some allocators give 4 (ESP-IDF's malloc): there, static memory or the stack. The memory of a policy, and buffers,
 *   need no alignment.
 * - Opaque structs. ecors_request, ecors_reader and ecors_decision are allocated by the caller: static, on the stack, in a pool. There
 *   is nothing to free. Their contents are nobody's business; they have words to spare, so that a binary does not depend on the
 *   library's version. All three can be copied by memcpy, with what they borrow; but a decision that was made by a reader borrows
 *   that reader, not its copy. A struct that is zero, or whose initialisation failed, is ECORS_E_STATE.
 *   One that was never written must not be given: it may hold what an earlier one left there. Write = { { 0 } } if a way may skip the
 *   call that initialises it.
 * - Lifetimes. What a function only borrows, and until when, is said at the function. Nothing that is borrowed may change meanwhile.
 * - Threads. A const ecors_policy may be used by any number of threads at once, and so may a const ecors_decision. A request, a reader
 *   and a decision that is being made belong to one thread at a time. There are no locks, no errno, no thread-local memory. From
 *   signal and interrupt handlers everything may be called that does not work on the same struct.
 * - A policy is replaced by making another one, in other memory, and publishing its pointer. The old memory may be reused once no
 *   thread has a request in work that began with it: each reader and each decision borrows its policy until its bytes were written.
 *   README.md has a pattern that is tested.
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

/* Changes when a binary would break; the number in the shared library's name. Compare it with ecors_abi_version(). */
#define ECORS_ABI_VERSION 0

/* Errors. */
#define ECORS_OK 0
#define ECORS_E_ARG (-1)        /* NULL, misaligned, or a length above PTRDIFF_MAX, where the rules exclude it */
#define ECORS_E_STATE (-2)      /* a struct that is zero, or whose initialisation failed */
#define ECORS_E_CONFIG (-3)     /* a mistake in the configuration: ecors_error says which */
#define ECORS_E_MEMORY (-4)     /* the memory or the buffer is too small; the function says how much is needed */
#define ECORS_E_ABI (-5)        /* ecors_config.struct_size is none that this library knows */
#define ECORS_E_HEAD (-6)       /* the head does not begin with a method and a space */
#define ECORS_E_INCOMPLETE (-7) /* the head does not end */

/* "No index": where a size_t says which, and there is none. */
#define ECORS_NOWHERE ((size_t)-1)

/* Bytes and their number. */
typedef struct ecors_str {
  const char *ptr;
  size_t len;
} ecors_str;

/* A string literal as an ecors_str, in an initialiser; of a pointer it does not compile. */
#define ECORS_STR(literal) { "" literal "", sizeof(literal) - 1 }

typedef struct ecors_list {
  const ecors_str *items;
  size_t len;
} ecors_list;

/* An array of ecors_str, not a pointer to one, as an ecors_list, in an initialiser; and a list of nothing. */
#define ECORS_LIST(array) { (array), sizeof(array) / sizeof((array)[0]) }
#define ECORS_NO_LIST { NULL, 0 }

/* ---------------------------------------------------------------------------------------------------------- Configuration */

/* Flags of a configuration. Without any, responses are shared without credentials, a preflight that succeeds is answered with 204 and one
 * that is refused with 403. */

/* Cookies, HTTP authentication and client certificates. Excludes the origins * and null. */
#define ECORS_CREDENTIALS 0x1u
/* Answers Access-Control-Request-Private-Network, which browsers before 2025 sent. Excludes the origin *. */
#define ECORS_PRIVATE_NETWORK 0x2u
/* A preflight for a method or header that is not allowed gets no lists, but the answer of one that is refused for its origin. */
#define ECORS_MINIMAL 0x4u
/* A preflight is answered with what it asks for, not with all that is allowed. */
#define ECORS_ANSWER_ONLY_REQUESTED 0x8u
/* Accepts Access-Control-Request-Headers only as the Fetch Standard writes it: lower-case, sorted, each once, in one line. */
#define ECORS_STRICT_REQUEST_HEADERS 0x10u
/* A preflight that succeeds is answered with 200. */
#define ECORS_SUCCESS_STATUS_200 0x20u
/* A preflight that is refused is answered with 204, or with 200; not both. */
#define ECORS_REFUSED_STATUS_204 0x40u
#define ECORS_REFUSED_STATUS_200 0x80u
/* What no request changes in responses is written once, into the policy's memory. The answers are the same, and take fewer instructions. */
#define ECORS_RENDER 0x100u
/* With credentials: http: origins other than loopback; *. before a single label; origins that only the predicate admits. Whoever controls
 * such a site, or the way to it, can act as the user. */
#define ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS 0x10000u
#define ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS 0x20000u
#define ECORS_DANGEROUSLY_ALLOW_PREDICATE_WITH_CREDENTIALS 0x40000u

/* Asked about an origin that no entry of the policy admits, at most once a decision. The origin was parsed in full, is never "null", and is
 * not NUL-terminated. 1 admits it; every other number refuses. It is called by the threads that decide, must not change what the policy
 * borrows nor touch the request, the reader and the decision in work, and must return: no longjmp, no C++ exception. */
typedef int (*ecors_origin_predicate)(void *user, const char *origin, size_t len);

/* What a policy is made of. It may be static const. Members are only appended, in later versions. */
typedef struct ecors_config {
  /* sizeof(ecors_config). */
  size_t struct_size;
  /* ECORS_CREDENTIALS and so on. */
  uint32_t flags;
  /* How long browsers may keep the answer to a preflight, 0 to 86400; -1: no Access-Control-Max-Age, which browsers take for 5. */
  int32_t max_age_seconds;
  /* Who: origins as browsers write them, such as "https://example.com:8443", in lower case, without a path, a slash at the end or a default
   * port; with "*." before the domain, its subdomains at any depth and never itself; with ":*" behind the host, any port or none; "null";
   * "*". Up to 1048575. */
  ecors_list origins;
  /* Methods besides GET, HEAD and POST, which need no permission. "*" is every method. Up to 64. */
  ecors_list methods;
  /* Request headers. "*" is every header but authorization, which has to be listed. Up to 64. */
  ecors_list headers;
  /* Response headers that scripts may read. "*" is every header, and excludes credentials. Up to 64. */
  ecors_list expose;
  /* NULL for none. */
  ecors_origin_predicate origin_predicate;
  void *predicate_user;
  /* For the index of a long list of origins: random, if others choose the origins, as tenants do. */
  uint64_t seed;
} ecors_config;

/* A configuration that allows nothing, without Access-Control-Max-Age, to be filled in. One of zeros has a max-age of 0, and with it a
 * preflight before every request. */
#define ECORS_CONFIG_INIT { sizeof(ecors_config), 0, -1, ECORS_NO_LIST, ECORS_NO_LIST, ECORS_NO_LIST, ECORS_NO_LIST, NULL, NULL, 0 }

/* A mistake in a configuration. The texts are static. */
typedef struct ecors_error {
  const char *setting; /* "allow_origins", "max_age_seconds", ...: never NULL */
  const char *what;    /* what is wrong, such as "has a path or a slash": never NULL */
  const char *fix;     /* what to write instead: never NULL */
  ecors_str entry;     /* the entry, borrowed from the configuration or from the value that was checked; (NULL, 0) if there is none */
  size_t index;        /* of the entry in its list; ECORS_NOWHERE if the setting has no entries */
  size_t byte;         /* of the first wrong byte in the entry; ECORS_NOWHERE if it is wrong as a whole */
} ecors_error;

/* Writes the whole sentence, such as
 *     allow_origins[1] "https://example.com/": has a path or a slash at byte 19; an origin ends after its host and port
 * What is not printable ASCII in the entry is written as ?, and an entry of more than 80 bytes is cut. An index of ECORS_NOWHERE is left
 * out, so a server that names the line itself can set it. *len, unless NULL, is the length of the sentence; size has to be more.
 * ECORS_OK, ECORS_E_ARG, ECORS_E_MEMORY. */
int ecors_error_message(const ecors_error *error, char *buffer, size_t size, size_t *len);

/* Check one value by itself, for servers that read their configuration line by line: what credentials exclude is found by
 * ecors_policy_init. The error, unless NULL, borrows the value. ECORS_OK, ECORS_E_ARG, ECORS_E_CONFIG. */
int ecors_check_origin(const char *value, size_t len, ecors_error *error);
int ecors_check_method(const char *value, size_t len, ecors_error *error);
int ecors_check_header(const char *value, size_t len, ecors_error *error);
int ecors_check_exposed_header(const char *value, size_t len, ecors_error *error);
int ecors_check_max_age(int32_t seconds, ecors_error *error);

/* ----------------------------------------------------------------------------------------------------------------- Policies */

/* A policy, in memory of the caller's. It is never changed after it was made, and can't be copied or moved. */
typedef struct ecors_policy ecors_policy;

/* The bytes that ecors_policy_init asks for, of any alignment; 0 if the configuration is NULL or of another struct_size, or its policy is
 * too large for this machine. */
size_t ecors_policy_size(const ecors_config *config);

/* Enough bytes for so many entries, as a constant expression, without ECORS_RENDER:
 *     static unsigned char memory[ECORS_POLICY_SIZE(4, 2, 3, 0)];
 * From ECORS_INDEXED_FROM origins on there is an index, so that a look-up does not grow with the list. */
#define ECORS_POLICY_SIZE(origins, methods, headers, expose)                                                                   \
  (sizeof(void *) * 96 + sizeof(ecors_str) * ((size_t)(origins) + (methods) + (headers) + (expose)) +                          \
   ((origins) >= ECORS_INDEXED_FROM ? (size_t)(origins) * 8 : 0))
#define ECORS_INDEXED_FROM 33
/* What ECORS_RENDER adds at most, for lists of methods, headers and exposed headers of so many bytes together, with one for each entry. */
#define ECORS_RENDERED_SIZE(bytes) (512 + (size_t)(bytes))

/* Checks a configuration and makes the policy. On success *policy points into the memory; otherwise it is NULL.
 *
 * The policy owns the memory until it is no longer used. It borrows for as long the bytes of all strings, and predicate_user; it copies
 * everything else, so the configuration and its arrays may go. error, unless NULL, is set by every failure.
 *
 * ECORS_OK, ECORS_E_ARG, ECORS_E_CONFIG, ECORS_E_MEMORY (ecors_policy_size says how much), ECORS_E_ABI. */
int ecors_policy_init(void *memory, size_t size, const ecors_config *config, const ecors_policy **policy, ecors_error *error);

/* The bytes of a buffer that no decision of this policy finds too small, for each way of writing, every NUL counted; 0 for no policy. A
 * Vary that is merged takes its length and 8 more. */
size_t ecors_policy_max_response_size(const ecors_policy *policy);

/* The most fields that a decision of this policy has, at most ECORS_MAX_FIELDS; 0 for no policy. */
size_t ecors_policy_max_fields(const ecors_policy *policy);
#define ECORS_MAX_FIELDS 7

/* ----------------------------------------------------------------------------------------------------------------- Requests */

/* The request fields that the library looks at, for servers that have to say beforehand which they want. Of every other name a value
 * may be given, and is passed over. */
#define ECORS_ORIGIN "Origin"
#define ECORS_REQUEST_METHOD "Access-Control-Request-Method"
#define ECORS_REQUEST_HEADERS "Access-Control-Request-Headers"
#define ECORS_REQUEST_PRIVATE_NETWORK "Access-Control-Request-Private-Network"

/* The most bytes of an origin. */
#define ECORS_MAX_ORIGIN_LEN 327

/* What a request has of CORS: values, borrowed from wherever the server has them. */
typedef struct ecors_request {
  uint64_t opaque[sizeof(void *) > 4 ? 32 : 18];
} ecors_request;

/* Starts a request, for a server that has a parser of its own. Methods are case-sensitive. Nothing is borrowed.
 * ECORS_OK, ECORS_E_ARG. */
int ecors_request_init(ecors_request *request, const char *method, size_t method_len);

/* Adds a field line. All lines have to be added, repeated ones too: a second Origin is refused, and not to be hidden. White space around
 * the value is dropped, and names are taken in any case. The value is borrowed until the decision's bytes were written; the name is not.
 * After ECORS_E_ARG the request is incomplete. ECORS_OK, ECORS_E_ARG, ECORS_E_STATE. */
int ecors_request_field(ecors_request *request, const char *name, size_t name_len, const char *value, size_t value_len);

/* Adds a field line whose value the server had to cut. If CORS needs it the request is refused. Nothing is borrowed.
 * ECORS_OK, ECORS_E_ARG, ECORS_E_STATE. */
int ecors_request_cut_field(ecors_request *request, const char *name, size_t name_len);

/* Says that the server dropped field lines and does not know which. ecors_decide then refuses; ecors_decide_error_reply does not mind.
 * ECORS_OK, ECORS_E_ARG, ECORS_E_STATE. */
int ecors_request_mark_incomplete(ecors_request *request);

/* Read bytes instead: a head from its request line to its empty line; a header section without the request line; a head as far as a server
 * has it that gave up on it, for ecors_decide_error_reply. What follows the empty line is not looked at. Lines end with CRLF or LF. The
 * bytes are borrowed until the decision's bytes were written. The request need not be initialised before.
 * ECORS_OK, ECORS_E_ARG; ECORS_E_HEAD if there is no request line; ECORS_E_INCOMPLETE if there is no empty line. */
int ecors_request_from_head(ecors_request *request, const char *head, size_t len);
int ecors_request_from_header_section(ecors_request *request, const char *method, size_t method_len, const char *section,
                                      size_t len);
int ecors_request_from_incomplete_head(ecors_request *request, const char *head, size_t len);

/* Whether it has an Origin; whether it is OPTIONS with an Origin and an Access-Control-Request-Method. 1 or 0; 0 for no request too. */
int ecors_request_is_cors(const ecors_request *request);
int ecors_request_is_preflight(const ecors_request *request);

/* ------------------------------------------------------------------------------------------------------------------- Pieces */

/* Reads a head in pieces, as a socket delivers them, and keeps an origin and a method of any length. Of the requested headers nothing is
 * kept: names of any length and number are checked as they arrive. Two kinds of policy need the names themselves, one with
 * ECORS_STRICT_REQUEST_HEADERS and one with credentials and "*" among its headers; for them the values of the three fields have to have at
 * most ECORS_READER_BYTES together, and what does not fit is refused as cut. */
typedef struct ecors_reader {
  uint64_t opaque[sizeof(void *) > 4 ? 68 : 62];
} ecors_reader;

#define ECORS_READER_BYTES 392

#define ECORS_MORE 0
#define ECORS_DONE 1

/* Start a reader, for one request: of a head, or of a header section whose request line was read by someone else. The policy is
 * borrowed until the last decision's bytes were written. ECORS_OK, ECORS_E_ARG, ECORS_E_STATE. */
int ecors_reader_init(ecors_reader *reader, const ecors_policy *policy);
int ecors_reader_init_header_section(ecors_reader *reader, const ecors_policy *policy, const char *method, size_t method_len);

/* Takes the next piece, of any length. Nothing is borrowed. *used, unless NULL, is how many bytes belong to the head: all of them before
 * its end, none after. ECORS_MORE, ECORS_DONE, ECORS_E_ARG, ECORS_E_STATE; ECORS_E_HEAD for this piece and every later one.
 * After ECORS_E_ARG the reader is as it was. A decision of this reader that is still used ends with it, as with ecors_reader_init. */
int ecors_reader_push(ecors_reader *reader, const char *piece, size_t len, size_t *used);

/* ---------------------------------------------------------------------------------------------------------------- Decisions */

/* What a policy says to a request. It borrows the policy, and the request's values or the reader, until its bytes were written. The
 * ecors_request itself it does not borrow. */
typedef struct ecors_decision {
  uint64_t opaque[sizeof(void *) > 4 ? 40 : 24];
} ecors_decision;

/* Kinds. */
#define ECORS_NOT_CORS 0  /* no Origin */
#define ECORS_ACTUAL 1    /* the handler answers it */
#define ECORS_PREFLIGHT 2 /* the server answers it by itself */

/* Decides. A request that is incomplete is refused. The kind, ECORS_E_ARG, ECORS_E_STATE. */
int ecors_decide(const ecors_policy *policy, const ecors_request *request, ecors_decision *decision);
int ecors_reader_decide(const ecors_reader *reader, ecors_decision *decision);

/* Decides which fields an error reply of the server's own has, when it did not read or did not understand the whole request: 400, 408,
 * 413, 414, 431. Only the origin counts. The kind is ECORS_ACTUAL or ECORS_NOT_CORS, ECORS_E_ARG, ECORS_E_STATE. Every other error reply,
 * 401 and 404 and 500, has the fields of ecors_decide. */
int ecors_decide_error_reply(const ecors_policy *policy, const ecors_request *request, ecors_decision *decision);
int ecors_reader_decide_error_reply(const ecors_reader *reader, ecors_decision *decision);

/* The kind again. ECORS_E_ARG, ECORS_E_STATE. */
int ecors_decision_kind(const ecors_decision *decision);

/* 1 if it is a CORS request and allowed. 0 if not; 0 for no decision too. */
int ecors_decision_is_allowed(const ecors_decision *decision);

/* Why the request is refused: a number for ecors_reason_name; 0 if it is not refused. ECORS_E_ARG, ECORS_E_STATE. */
int ecors_decision_reason(const ecors_decision *decision);

/* Where in the request the reason is: the byte in the Origin, or the name in the list of requested headers; ECORS_NOWHERE if it is nowhere
 * in particular, or for no decision. */
size_t ecors_decision_reason_index(const ecors_decision *decision);

/* The status of a preflight: 204, 200 or 403. 0 for other requests, whose status is the handler's. ECORS_E_ARG, ECORS_E_STATE. */
int ecors_decision_status(const ecors_decision *decision);

/* Takes in the Vary that the response has already: the decision's own then has the members of both, and replaces it. Servers that may send
 * two Vary lines need not merge. Called again, the last value counts; several lines are joined by the caller, with commas.
 * The value is borrowed until the decision's bytes were written. ECORS_OK, ECORS_E_ARG (the value is no list of field names, too),
 * ECORS_E_STATE. */
int ecors_decision_merge_vary(ecors_decision *decision, const char *value, size_t len);

/* A field of a response. */
typedef struct ecors_field {
  const char *name;  /* static, NUL-terminated, in lower case */
  size_t name_len;
  const char *value; /* NUL-terminated, in the caller's buffer */
  size_t value_len;
  /* 1 if the field is to be added to those that are there, 0 if it replaces those of its name. Only a Vary that was not merged is
   * added. */
  int append;
} ecors_field;

typedef struct ecors_fields {
  size_t len;
  ecors_field items[ECORS_MAX_FIELDS];
} ecors_fields;

/* Write what a response has of CORS. Each way writes all of it or nothing, into a buffer that then borrows nothing: the request, the
 * reader and the policy may go. A buffer of ecors_policy_max_response_size is never too small; on ECORS_E_MEMORY *needed is the size
 * it has to have, and *len one less; (NULL, 0) is a way to ask. ECORS_OK, ECORS_E_ARG, ECORS_E_STATE, ECORS_E_MEMORY. */

/* The fields as pairs; the values are in the buffer, which has to live as long as they are used. *needed, unless NULL, is the size that the
 * buffer has to have. */
int ecors_decision_fields(const ecors_decision *decision, char *buffer, size_t size, ecors_fields *fields, size_t *needed);

/* The fields as lines, "name: value\r\n" each, without an empty line. *len, unless NULL, is the length of the text; size has to be more. */
int ecors_decision_lines(const ecors_decision *decision, char *buffer, size_t size, size_t *len);

/* The whole HTTP/1.1 response to a preflight: status line, fields, content-length: 0, empty line. For other requests
 * ECORS_E_STATE. *len as above. */
int ecors_decision_response(const ecors_decision *decision, char *buffer, size_t size, size_t *len);

/* -------------------------------------------------------------------------------------------------------------------- Texts */

/* 1 if this is a response field of the CORS protocol, of which a response must have no other than the decision's: what an upstream or a
 * handler has set has to be removed. Vary is none. 0 if it is not. */
int ecors_is_cors_field(const char *name, size_t len);

/* Texts are static, NUL-terminated and never NULL; empty for a number that is none. Names, such as "origin_not_allowed", and numbers of
 * reasons are stable. */
const char *ecors_reason_name(int reason);
const char *ecors_reason_sentence(int reason);
const char *ecors_strerror(int error);

/* ECORS_ABI_VERSION and "0.1.0" of the library that is linked or loaded. */
int ecors_abi_version(void);
const char *ecors_version(void);

/* The size of a struct of the library that is linked or loaded, for other languages; 0 for another number. */
#define ECORS_SIZE_CONFIG 1
#define ECORS_SIZE_ERROR 2
#define ECORS_SIZE_REQUEST 3
#define ECORS_SIZE_READER 4
#define ECORS_SIZE_DECISION 5
#define ECORS_SIZE_FIELDS 6
size_t ecors_size(int which);

#ifdef __cplusplus
}
#endif

#endif
