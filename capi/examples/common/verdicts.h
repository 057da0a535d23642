/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the nginx module and the Apache module write into logs. */
#ifndef ECORS_VERDICTS_H
#define ECORS_VERDICTS_H

#include <stdio.h>

#include "embedded_cors.h"

/* Returns the verdict about a request, for logs. */
static inline const char *ecors_verdict(const ecors_decision *decision) {
  if (ecors_decision_kind(decision) == ECORS_NOT_CORS) return "not_cors";
  return ecors_decision_is_allowed(decision) == 1 ? "allowed" : "refused";
}

/* Writes why a request was refused, for the error log, with what can be printed of its Origin. */
static inline void ecors_refusal_message(const ecors_decision *decision, const char *origin, size_t len, char *message, size_t size) {
  int reason = ecors_decision_reason(decision);
  size_t byte = ecors_decision_reason_byte(decision), header = ecors_decision_reason_header(decision), i;
  char text[100], where[40] = "";
  if (len > sizeof text) len = sizeof text;
  for (i = 0; i < len; i++) text[i] = origin[i] > 0x20 && origin[i] < 0x7f ? origin[i] : '?';
  if (byte != ECORS_NO_POSITION) snprintf(where, sizeof where, " at byte %zu", byte);
  else if (header != ECORS_NO_POSITION) snprintf(where, sizeof where, " at name %zu", header);
  snprintf(message, size, "cors refused origin \"%.*s\": %s%s: %s", (int)len, text, ecors_reason_name(reason), where,
           ecors_reason_sentence(reason));
}

/* The policy that tells whether an Origin is one valid origin, so that only such values reach the
 * logs: it allows every valid origin. The predicate is called about valid origins only. */
#define ANY_ORIGIN_SIZE ECORS_POLICY_SIZE(2, 0, 0, 0)

static inline int ecors_every_valid_origin(void *user, const char *origin, size_t len) {
  (void)user, (void)origin, (void)len;
  return 1;
}

static inline int ecors_any_origin_init(void *memory, const ecors_policy **policy) {
  static const ecors_str others[] = { ECORS_STR("null"), ECORS_STR("file://") };
  ecors_config config = ECORS_CONFIG_INIT;
  config.origins.items = others;
  config.origins.len = 2;
  config.origin_predicate = ecors_every_valid_origin;
  return ecors_policy_init(memory, ANY_ORIGIN_SIZE, &config, policy, NULL);
}

/* Returns whether the request has one Origin, and that is a valid origin. */
static inline int ecors_has_valid_origin(const ecors_policy *any_origin, const ecors_request *request) {
  ecors_decision decision;
  return ecors_decide_for_error_reply(any_origin, request, &decision) == ECORS_ACTUAL && ecors_decision_is_allowed(&decision) == 1;
}

#endif
