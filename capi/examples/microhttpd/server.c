/* A server on libmicrohttpd with CORS: server [PORT] */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "lamp.h"

/* The content of a request so far. */
struct upload {
  size_t len; /* of all content; bytes has the beginning */
  char bytes[LAMP_CONTENT];
};

static enum MHD_Result add_field(void *request, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value,
                                 size_t value_len) {
  (void)kind;
  ecors_request_add_field(request, name, name_len, value, value_len);
  return MHD_YES; /* after an error the request counts as incomplete and is refused */
}

static enum MHD_Result answer(struct MHD_Connection *connection, const char *path, const char *method, const struct upload *upload) {
  ecors_request request;
  ecors_decision decision;
  ecors_fields fields;
  char values[LAMP_CORS];
  struct MHD_Response *response;
  enum MHD_Result result = MHD_YES;
  lamp_reply reply = { 0, "", NULL, NULL };
  size_t i;

  ecors_request_init(&request, method, strlen(method));
  MHD_get_connection_values_n(connection, MHD_HEADER_KIND, add_field, &request);
  ecors_decide(lamp_policy(), &request, &decision);
  ecors_decision_fields(&decision, values, sizeof values, &fields, NULL);

  if (ecors_decision_kind(&decision) == ECORS_PREFLIGHT) {
    reply.status = ecors_decision_status(&decision);
  } else {
    const char *authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_AUTHORIZATION);
    reply = lamp_answer(method, path, authorization, upload->bytes, upload->len);
  }

  /* Each request gets its own response object, since the fields depend on the request. */
  response = MHD_create_response_from_buffer(strlen(reply.content), (void *)reply.content, MHD_RESPMEM_PERSISTENT);
  if (response == NULL) return MHD_NO;
  if (*reply.content != '\0') result &= MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  if (reply.name != NULL) result &= MHD_add_response_header(response, reply.name, reply.value);
  for (i = 0; i < fields.len; i++) result &= MHD_add_response_header(response, fields.items[i].name, fields.items[i].value);
  if (result == MHD_YES) result = MHD_queue_response(connection, (unsigned)reply.status, response);
  MHD_destroy_response(response);
  return result;
}

/* libmicrohttpd calls this function after the head, for each piece of content, and at the end. It
 * answers at the end only: a client that still sends content could lose an earlier answer. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *piece, size_t *piece_len, void **of_request) {
  struct upload *upload = *of_request;
  (void)context, (void)version;
  if (upload == NULL) {
    *of_request = calloc(1, sizeof *upload);
    return *of_request == NULL ? MHD_NO : MHD_YES;
  }
  if (*piece_len == 0) return answer(connection, path, method, upload);
  if (upload->len < sizeof upload->bytes) {
    size_t free_bytes = sizeof upload->bytes - upload->len;
    memcpy(upload->bytes + upload->len, piece, *piece_len < free_bytes ? *piece_len : free_bytes);
  }
  upload->len += *piece_len;
  *piece_len = 0;
  return MHD_YES;
}

static void completed(void *context, struct MHD_Connection *connection, void **of_request, enum MHD_RequestTerminationCode why) {
  (void)context, (void)connection, (void)why;
  free(*of_request);
}

int main(int argc, char **argv) {
  const char *port = argc > 1 ? argv[1] : "8080";
  struct sockaddr_in address;
  struct MHD_Daemon *daemon;
  host_begin();
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((unsigned short)atoi(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (lamp_policy() == NULL) return 1;
  daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &address,
                            MHD_OPTION_NOTIFY_COMPLETED, completed, NULL, MHD_OPTION_CONNECTION_TIMEOUT, 30u, MHD_OPTION_END);
  if (daemon == NULL) return 1;
  host_wait(port);
  MHD_stop_daemon(daemon);
  return 0;
}
