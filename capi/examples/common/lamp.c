#include "lamp.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const ecors_str origins[] = { ECORS_STR("https://app.example.com"), ECORS_STR("http://localhost:*") };
static const ecors_str methods[] = { ECORS_STR("PUT") };
static const ecors_str headers[] = { ECORS_STR("authorization"), ECORS_STR("content-type") };
static const ecors_str expose[] = { ECORS_STR("allow") };
static const ecors_config config = { sizeof(ecors_config), 0, 600, ECORS_LIST(origins), ECORS_LIST(methods), ECORS_LIST(headers),
                                     ECORS_LIST(expose), NULL, NULL, { 0 } };

const ecors_policy *lamp_policy(void) {
  static unsigned char memory[ECORS_POLICY_SIZE(2, 1, 2, 1)];
  static const ecors_policy *policy;
  ecors_error error;
  char sentence[400];
  if (policy != NULL) return policy;
  if (ecors_policy_init(memory, sizeof memory, &config, &policy, &error) != ECORS_OK) {
    ecors_error_message(&error, sentence, sizeof sentence, NULL);
    fprintf(stderr, "%s\n", sentence);
  } else if (ecors_policy_max_response_size(policy) > LAMP_CORS) {
    fprintf(stderr, "LAMP_CORS has to be at least %lu\n", (unsigned long)ecors_policy_max_response_size(policy));
    policy = NULL;
  }
  return policy;
}

static int on;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Switches the lamp on or off, unless to is -1, and returns whether it is on. */
static int lamp(int to) {
  int is_on;
  pthread_mutex_lock(&lock);
  if (to >= 0) on = to;
  is_on = on;
  pthread_mutex_unlock(&lock);
  return is_on;
}

static lamp_reply reply(int status, const char *content, const char *name, const char *value) {
  lamp_reply reply;
  reply.status = status;
  reply.content = content;
  reply.name = name;
  reply.value = value;
  return reply;
}

static int is_text(const char *content, size_t len, const char *text) { return len == strlen(text) && memcmp(content, text, len) == 0; }

static lamp_reply put_led(const char *authorization, const char *content, size_t len) {
  /* A real token is secret, and its comparison takes constant time. */
  if (authorization == NULL || strcmp(authorization, "Bearer lamp") != 0) return reply(401, "", "WWW-Authenticate", "Bearer");
  if (len > LAMP_CONTENT) return reply(413, "", NULL, NULL);
  if (is_text(content, len, "{\"on\":true}")) lamp(1);
  else if (is_text(content, len, "{\"on\":false}")) lamp(0);
  else return reply(400, "", NULL, NULL);
  return reply(204, "", NULL, NULL);
}

lamp_reply lamp_answer(const char *method, const char *path, const char *authorization, const char *content, size_t len) {
  /* The caller leaves out the content of an answer to HEAD. */
  int get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
  if (strcmp(path, "/led") == 0) {
    if (get) return reply(200, lamp(-1) ? "{\"on\":true}" : "{\"on\":false}", NULL, NULL);
    if (strcmp(method, "PUT") == 0) return put_led(authorization, content, len);
    return reply(405, "", "Allow", "GET, HEAD, PUT");
  }
  if (strcmp(path, "/status") == 0) return get ? reply(200, "{\"status\":\"ok\"}", NULL, NULL) : reply(405, "", "Allow", "GET, HEAD");
  return reply(404, "", NULL, NULL);
}
