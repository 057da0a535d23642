/* The application of the examples: a lamp with an HTTP API, and the policy that says which pages
 * may use it. It does not depend on the server library. */
#ifndef LAMP_H
#define LAMP_H

#include "embedded_cors.h"

/* The most bytes of content that a request may have. */
#define LAMP_CONTENT 64
/* The size of a buffer for the CORS fields of a response. */
#define LAMP_CORS 512

typedef struct lamp_reply {
  int status;
  const char *content;      /* JSON, or empty */
  const char *name, *value; /* a field of the response; NULL if it needs none */
} lamp_reply;

/* Returns the policy, which the first call makes. If it has a mistake, this function prints it on
 * standard error and returns NULL. */
const ecors_policy *lamp_policy(void);

/* Answers a request that is not a preflight. Any thread may call it. authorization is NULL if the
 * request has none. len is the length of the content; content has LAMP_CONTENT bytes of it at most.
 * The texts of the reply are static. */
lamp_reply lamp_answer(const char *method, const char *path, const char *authorization, const char *content, size_t len);

#endif
