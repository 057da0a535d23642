/* The application of the examples, a lamp with an HTTP API. It knows which pages may use it, and nothing of the server that it runs on. */
#ifndef LAMP_H
#define LAMP_H

#include "embedded_cors.h"

/* The bytes of content that a request may have. */
#define LAMP_CONTENT 64
/* The bytes of a buffer for the CORS fields of a response. */
#define LAMP_CORS 512

typedef struct lamp_reply {
  int status;
  const char *content;    /* JSON, or empty */
  const char *name, *value; /* a field of the response; NULL if it needs none */
} lamp_reply;

/* The policy, made by the first call. NULL, and a sentence on standard error, if it has a mistake. */
const ecors_policy *lamp_policy(void);

/* Answers a request that is no preflight, from any thread. The authorization is NULL if there is none; of the content there are len bytes,
 * or LAMP_CONTENT of more than that. The texts are static. */
lamp_reply lamp_answer(const char *method, const char *path, const char *authorization, const char *content, size_t len);

#endif
