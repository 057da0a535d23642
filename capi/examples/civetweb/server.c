/* A server on civetweb with CORS: server [PORT] */
#include <civetweb.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "lamp.h"

/* Reads the content, of which bytes gets the beginning, and returns its whole length. */
static size_t read_content(struct mg_connection *connection, char *bytes, size_t size) {
  char rest[256];
  size_t len = 0;
  int n;
  while (len < size && (n = mg_read(connection, bytes + len, size - len)) > 0) len += (size_t)n;
  while (len >= size && (n = mg_read(connection, rest, sizeof rest)) > 0) len += (size_t)n;
  return len;
}

/* Answers every request, on one of the server's threads. Returns the status for the log. */
static int handle(struct mg_connection *connection, void *policy) {
  const struct mg_request_info *info = mg_get_request_info(connection);
  ecors_request request;
  ecors_decision decision;
  char cors[LAMP_CORS], content[LAMP_CONTENT], length[24];
  lamp_reply reply = { 0, "", NULL, NULL };
  int i;

  ecors_request_init(&request, info->request_method, strlen(info->request_method));
  for (i = 0; i < info->num_headers; i++) {
    const struct mg_header *field = &info->http_headers[i];
    ecors_request_add_field(&request, field->name, strlen(field->name), field->value, strlen(field->value));
  }
  /* civetweb drops further fields. */
  if (info->num_headers == MG_MAX_HEADERS) ecors_request_mark_incomplete(&request);
  ecors_decide(policy, &request, &decision);
  ecors_decision_field_lines(&decision, cors, sizeof cors, NULL);

  if (ecors_decision_kind(&decision) == ECORS_PREFLIGHT) {
    reply.status = ecors_decision_status(&decision);
  } else {
    size_t len = read_content(connection, content, sizeof content);
    reply = lamp_answer(info->request_method, info->local_uri, mg_get_header(connection, "Authorization"), content, len);
  }

  mg_response_header_start(connection, reply.status);
  /* If the fields do not fit, the server does not answer. */
  if (*cors != '\0' && mg_response_header_add_lines(connection, cors) < 0) return 500;
  if (reply.name != NULL) mg_response_header_add(connection, reply.name, reply.value, -1);
  if (*reply.content != '\0') mg_response_header_add(connection, "Content-Type", "application/json", -1);
  sprintf(length, "%lu", (unsigned long)strlen(reply.content));
  mg_response_header_add(connection, "Content-Length", length, -1);
  mg_response_header_send(connection);
  if (strcmp(info->request_method, "HEAD") != 0) mg_write(connection, reply.content, strlen(reply.content));
  return reply.status;
}

int main(int argc, char **argv) {
  const char *port = argc > 1 ? argv[1] : "8080";
  char address[40];
  const char *options[] = {
    "listening_ports", address,
    /* By default civetweb allows every preflight itself, before any handler. It also adds * to
     * files and, in newer versions, to errors. */
    "access_control_allow_methods", "",
    "access_control_allow_origin", "",
    "access_control_allow_headers", "",
    NULL
  };
  struct mg_callbacks callbacks;
  struct mg_context *context;
  const ecors_policy *policy = lamp_policy();
  host_begin();
  snprintf(address, sizeof address, "127.0.0.1:%s", port);
  memset(&callbacks, 0, sizeof callbacks);
  if (policy == NULL || (context = mg_start(&callbacks, NULL, options)) == NULL) return 1;
  mg_set_request_handler(context, "**", handle, (void *)policy);
  host_wait(port);
  mg_stop(context);
  return 0;
}
