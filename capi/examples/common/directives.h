/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What the directives of the nginx module and of the Apache module have in common: their order,
 * the settings of the library that they stand for, and the texts that administrators read. */
#ifndef ECORS_DIRECTIVES_H
#define ECORS_DIRECTIVES_H

#include <stdio.h>
#include <string.h>

#include "embedded_cors.h"

/* The directives, in the order of the tables of both modules. */
enum {
  CORS,
  CORS_ORIGIN, CORS_METHODS, CORS_HEADERS, CORS_EXPOSE, /* lists */
  CORS_CREDENTIALS, CORS_LOOPBACK, CORS_TIMING, CORS_HIDE_LISTS, CORS_ONLY_REQUESTED, CORS_STRICT_HEADERS, CORS_INSECURE_ORIGINS, CORS_PUBLIC_SUFFIXES, /* flags */
  CORS_MAX_AGE, CORS_SUCCESS_STATUS, CORS_REFUSED_STATUS, CORS_RULE, POLICY_DIRECTIVES,
  /* of doors; each turns the doors on */
  DOORS_HOSTS = POLICY_DIRECTIVES,
  DOORS, DOORS_IP_LITERALS, DOORS_LOCALHOST, DOORS_LOCAL_NAMES, DOORS_OVER_HTTPS, DOORS_ENFORCE, DOORS_ISOLATE, /* flags */
  DOORS_HOSTS_STATUS, DIRECTIVES
};
#define LAST_LIST CORS_EXPOSE
#define LAST_FLAG CORS_PUBLIC_SUFFIXES
#define DOORS_FLAGS (DOORS_ISOLATE - DOORS + 1)

/* The value of cors_max_age off. */
#define NO_MAX_AGE (-2)

/* How often a long list is indexed anew, with another seed each time, if its origins collide. */
#define INDEX_ATTEMPTS 16

/* The flag of ecors_config for each directive that is a flag. */
static const uint32_t ecors_directive_flags[LAST_FLAG + 1] = {
  0, 0, 0, 0, 0, ECORS_CREDENTIALS, ECORS_LOOPBACK, ECORS_TIMING, ECORS_HIDE_LISTS_WHEN_REFUSED, ECORS_ANSWER_ONLY_REQUESTED,
  ECORS_STRICT_REQUEST_HEADERS, ECORS_DANGEROUSLY_ALLOW_INSECURE_ORIGINS_WITH_CREDENTIALS,
  ECORS_DANGEROUSLY_ALLOW_PUBLIC_SUFFIXES_WITH_CREDENTIALS
};

/* The flag of ecors_doors_config for each directive of doors that is a flag. */
static const uint32_t ecors_doors_flags[DOORS_FLAGS] = {
  0, ECORS_DOORS_IP_LITERALS, ECORS_DOORS_LOCALHOST, ECORS_DOORS_LOCAL_NAMES, ECORS_DOORS_OVER_HTTPS, ECORS_DOORS_ENFORCE, ECORS_DOORS_ISOLATE
};

/* The check of one entry of each directive that is a list. */
static int (*const ecors_directive_checks[LAST_LIST + 1])(const char *, size_t, ecors_error *) = {
  NULL, ecors_check_origin, ecors_check_method, ecors_check_header, ecors_check_exposed_header
};

/* Returns the flags of ecors_config for the statuses of preflights. */
static inline uint32_t ecors_directive_statuses(long success, long refused) {
  return (success == 200 ? ECORS_SUCCESS_STATUS_200 : 0) | (refused == 204 ? ECORS_REFUSED_STATUS_204 : 0) |
         (refused == 200 ? ECORS_REFUSED_STATUS_200 : 0);
}

/* Returns whether the directive, which takes a status, takes this one. */
static inline int ecors_is_status(unsigned directive, long status) {
  if (directive == DOORS_HOSTS_STATUS) return status == 403 || status == 421;
  return status == 200 || status == 204 || (directive == CORS_REFUSED_STATUS && status == 403);
}

/* Returns the statuses that the directive takes, for a message. */
static inline const char *ecors_statuses(unsigned directive) {
  return directive == DOORS_HOSTS_STATUS ? "403 or 421" : directive == CORS_REFUSED_STATUS ? "403, 204 or 200" : "200 or 204";
}

/* Returns the configuration of doors without their hosts. Sets *is_on to whether a directive turns
 * them on. A flag is 1 if it is on, 0 if it is off, and -1 if it is not written. */
static inline ecors_doors_config ecors_directive_doors(const long *flags, int has_hosts, long hosts_status, int *is_on) {
  ecors_doors_config config = ECORS_DOORS_CONFIG_INIT;
  int flag;
  *is_on = has_hosts || hosts_status > 0;
  for (flag = 0; flag < DOORS_FLAGS; flag++) {
    if (flags[flag] != 1) continue;
    config.flags |= ecors_doors_flags[flag];
    *is_on = 1;
  }
  if (flags[DOORS - DOORS] == 0) *is_on = 0;
  if (hosts_status == 421) config.flags |= ECORS_DOORS_HOST_STATUS_421;
  return config;
}

/* Returns the directive for a member of ecors_config; CORS for a member without a directive. */
static inline unsigned ecors_directive_of(const char *member) {
  static const char *const members[LAST_LIST + 1] = { "", "origins", "methods", "headers", "expose" };
  unsigned directive;
  for (directive = CORS_ORIGIN; directive <= LAST_LIST; directive++)
    if (strcmp(member, members[directive]) == 0) return directive;
  return strcmp(member, "max_age_seconds") == 0 ? CORS_MAX_AGE : CORS;
}

/* Writes the message about a mistake in the words of the configuration. The library names members
 * and flags of ecors_config; names has the directives that take their places. The server names the
 * line, so the message has no index. */
static inline void ecors_directive_message(ecors_error *error, unsigned directive, const char *const *names, char *message, size_t size) {
  char fix[320];
  unsigned flag;
  int len;
  error->setting = names[directive];
  error->index = error->rule = ECORS_NO_POSITION;
  for (flag = LAST_LIST + 1; flag <= LAST_FLAG && error->permitted_by != 0; flag++) {
    if (ecors_directive_flags[flag] != error->permitted_by) continue;
    error->permitted_by = 0;
    len = snprintf(fix, sizeof fix, "%.*s, or write %s off or %s on", (int)error->fix.len, error->fix.ptr, names[CORS_CREDENTIALS], names[flag]);
    if (len < 0 || (size_t)len >= sizeof fix) break;
    error->fix.ptr = fix;
    error->fix.len = (size_t)len;
  }
  if (ecors_error_message(error, message, size, NULL) != ECORS_OK) snprintf(message, size, "%s", names[directive]);
}

/* Writes the message about a mistake in the hosts. */
static inline void ecors_hosts_message(ecors_error *error, const char *const *names, char *message, size_t size) {
  char fix[100];
  error->setting = names[DOORS_HOSTS];
  error->index = ECORS_NO_POSITION;
  if (strstr(error->fix.ptr, "ECORS_DOORS_IP_LITERALS") != NULL) {
    error->fix.len = (size_t)snprintf(fix, sizeof fix, "write the host alone; for every address, write %s on", names[DOORS_IP_LITERALS]);
    error->fix.ptr = fix;
  }
  if (ecors_error_message(error, message, size, NULL) != ECORS_OK) snprintf(message, size, "%s", names[DOORS_HOSTS]);
}

#endif
