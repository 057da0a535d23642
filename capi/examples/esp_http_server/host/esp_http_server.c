/* The stand-in differs from ESP-IDF in this:
 * - It serves one connection at a time and closes it after the response.
 * - The port is that of the command line.
 * - Before it closes a connection it reads what the client still sends; a device resets it.
 * - It knows neither chunked content nor WebSocket nor lines that continue the one before. */
#include "esp_http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

void app_main(void);

struct header {
  const char *field, *value;
};

struct server {
  httpd_config_t config;
  int listener;
  pthread_t task;
  httpd_uri_t *handlers;
  unsigned handlers_count;
  httpd_err_handler_func_t err_handlers[HTTPD_ERR_CODE_MAX];
  struct header *resp_hdrs; /* of the request that is being served */
};

/* The private part of a request. */
struct aux {
  int fd;
  char input[256]; /* received and not yet used */
  size_t input_at, input_len;
  /* The field lines of the request, with NULs instead of their ends; then the head of the
   * response. */
  char scratch[HTTPD_MAX_REQ_HDR_LEN + 1];
  unsigned req_hdrs_count, resp_hdrs_count;
  size_t remaining;
  const char *status, *content_type;
};

static uint16_t port;
static bool started;

/* Returns the private part. As in ESP-IDF, a request is valid on the server's task only. */
static struct aux *valid(httpd_req_t *r) {
  struct server *server = r->handle;
  return server != NULL && pthread_equal(server->task, pthread_self()) ? r->aux : NULL;
}

/* --- Handlers. */

bool httpd_uri_match_wildcard(const char *uri_template, const char *uri, size_t len) {
  size_t exact = strlen(uri_template);
  char last = exact > 0 ? uri_template[exact - 1] : 0, before = exact > 1 ? uri_template[exact - 2] : 0;
  bool asterisk = last == '*' || (last == '?' && before == '*');
  bool question = last == '?' || (last == '*' && before == '?');
  /* A question mark makes the character before it optional. */
  size_t special = (asterisk ? 1 : 0) + (question ? 2 : 0);
  if (exact < special) return false;
  exact -= special;
  if (len < exact || strncmp(uri_template, uri, exact) != 0) return false;
  if (!question) return asterisk || len == exact;
  if (len > exact && uri[exact] != uri_template[exact]) return false;
  return asterisk || len <= exact + 1;
}

static const httpd_uri_t *find(const struct server *server, const char *uri, size_t len, int method, httpd_err_code_t *error) {
  unsigned i;
  *error = HTTPD_404_NOT_FOUND;
  for (i = 0; i < server->handlers_count; i++) {
    const httpd_uri_t *it = &server->handlers[i];
    bool matches = server->config.uri_match_fn != NULL ? server->config.uri_match_fn(it->uri, uri, len)
                                                       : strlen(it->uri) == len && strncmp(it->uri, uri, len) == 0;
    if (matches && (int)it->method == method) return it;
    if (matches) *error = HTTPD_405_METHOD_NOT_ALLOWED;
  }
  return NULL;
}

esp_err_t httpd_register_uri_handler(httpd_handle_t handle, const httpd_uri_t *uri_handler) {
  struct server *server = handle;
  httpd_err_code_t error;
  char *copy;
  if (handle == NULL || uri_handler == NULL) return ESP_ERR_INVALID_ARG;
  if (find(server, uri_handler->uri, strlen(uri_handler->uri), (int)uri_handler->method, &error) != NULL)
    return ESP_ERR_HTTPD_HANDLER_EXISTS;
  if (server->handlers_count == server->config.max_uri_handlers) return ESP_ERR_HTTPD_HANDLERS_FULL;
  if ((copy = strdup(uri_handler->uri)) == NULL) return ESP_ERR_HTTPD_ALLOC_MEM;
  server->handlers[server->handlers_count] = *uri_handler;
  server->handlers[server->handlers_count++].uri = copy;
  return ESP_OK;
}

esp_err_t httpd_register_err_handler(httpd_handle_t handle, httpd_err_code_t error, httpd_err_handler_func_t handler) {
  if (handle == NULL || error >= HTTPD_ERR_CODE_MAX) return ESP_ERR_INVALID_ARG;
  ((struct server *)handle)->err_handlers[error] = handler;
  return ESP_OK;
}

/* --- The request. */

/* Returns the next byte, or -1 if there is none. */
static int next_byte(struct aux *aux) {
  if (aux->input_at == aux->input_len) {
    ssize_t n = recv(aux->fd, aux->input, sizeof aux->input, 0);
    aux->input_at = 0;
    aux->input_len = n > 0 ? (size_t)n : 0;
    if (n <= 0) return -1;
  }
  return (unsigned char)aux->input[aux->input_at++];
}

static const char *value_of(httpd_req_t *r, const char *field) {
  struct aux *aux = r->aux;
  const char *line = aux->scratch;
  unsigned i;
  for (i = 0; i < aux->req_hdrs_count; i++) {
    const char *colon = strchr(line, ':');
    if (colon == NULL) return NULL;
    if ((size_t)(colon - line) == strlen(field) && strncasecmp(line, field, strlen(field)) == 0) return colon + 1 + strspn(colon + 1, " ");
    for (line += strlen(line); *line == '\0' && line < aux->scratch + HTTPD_MAX_REQ_HDR_LEN; line++) {}
  }
  return NULL;
}

size_t httpd_req_get_hdr_value_len(httpd_req_t *r, const char *field) {
  const char *value;
  if (r == NULL || field == NULL || valid(r) == NULL) return 0;
  value = value_of(r, field);
  return value == NULL ? 0 : strlen(value);
}

esp_err_t httpd_req_get_hdr_value_str(httpd_req_t *r, const char *field, char *val, size_t val_size) {
  const char *value;
  size_t len;
  if (r == NULL || field == NULL) return ESP_ERR_INVALID_ARG;
  if (valid(r) == NULL) return ESP_ERR_HTTPD_INVALID_REQ;
  if ((value = value_of(r, field)) == NULL) return ESP_ERR_NOT_FOUND;
  len = strlen(value);
  if (val_size > 0) {
    memcpy(val, value, len < val_size ? len : val_size - 1);
    val[len < val_size ? len : val_size - 1] = '\0';
  }
  return len < val_size ? ESP_OK : ESP_ERR_HTTPD_RESULT_TRUNC;
}

int httpd_req_recv(httpd_req_t *r, char *buf, size_t buf_len) {
  struct aux *aux;
  size_t len = 0;
  int byte;
  if (r == NULL || buf == NULL || (aux = valid(r)) == NULL) return HTTPD_SOCK_ERR_INVALID;
  if (buf_len > aux->remaining) buf_len = aux->remaining;
  if (buf_len == 0) return 0;
  do {
    errno = 0;
    if ((byte = next_byte(aux)) < 0) return len > 0 ? (int)len : errno == EAGAIN ? HTTPD_SOCK_ERR_TIMEOUT : HTTPD_SOCK_ERR_FAIL;
    buf[len++] = (char)byte;
    aux->remaining--;
  } while (len < buf_len && aux->input_at < aux->input_len);
  return (int)len;
}

/* --- The response. */

esp_err_t httpd_resp_set_status(httpd_req_t *r, const char *status) {
  struct aux *aux;
  if (r == NULL || status == NULL) return ESP_ERR_INVALID_ARG;
  if ((aux = valid(r)) == NULL) return ESP_ERR_HTTPD_INVALID_REQ;
  aux->status = status;
  return ESP_OK;
}

esp_err_t httpd_resp_set_type(httpd_req_t *r, const char *type) {
  struct aux *aux;
  if (r == NULL || type == NULL) return ESP_ERR_INVALID_ARG;
  if ((aux = valid(r)) == NULL) return ESP_ERR_HTTPD_INVALID_REQ;
  aux->content_type = type;
  return ESP_OK;
}

esp_err_t httpd_resp_set_hdr(httpd_req_t *r, const char *field, const char *value) {
  struct server *server;
  struct aux *aux;
  if (r == NULL || field == NULL || value == NULL) return ESP_ERR_INVALID_ARG;
  if ((aux = valid(r)) == NULL) return ESP_ERR_HTTPD_INVALID_REQ;
  server = r->handle;
  if (aux->resp_hdrs_count >= server->config.max_resp_headers) return ESP_ERR_HTTPD_RESP_HDR;
  server->resp_hdrs[aux->resp_hdrs_count].field = field;
  server->resp_hdrs[aux->resp_hdrs_count++].value = value;
  return ESP_OK;
}

static bool send_all(const struct aux *aux, const char *bytes, size_t len) {
  while (len > 0) {
    ssize_t n = send(aux->fd, bytes, len, MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes += n;
    len -= (size_t)n;
  }
  return true;
}

esp_err_t httpd_resp_send(httpd_req_t *r, const char *buf, ssize_t buf_len) {
  struct server *server;
  struct aux *aux;
  unsigned i;
  bool sent;
  int len;
  if (r == NULL) return ESP_ERR_INVALID_ARG;
  if ((aux = valid(r)) == NULL) return ESP_ERR_HTTPD_INVALID_REQ;
  server = r->handle;
  if (buf_len == HTTPD_RESP_USE_STRLEN) buf_len = (ssize_t)strlen(buf);
  aux->req_hdrs_count = 0;
  len = snprintf(aux->scratch, sizeof aux->scratch, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %ld\r\n", aux->status,
                 aux->content_type, (long)buf_len);
  if (len < 0 || (size_t)len >= sizeof aux->scratch) return ESP_ERR_HTTPD_RESP_HDR;
  sent = send_all(aux, aux->scratch, (size_t)len);
  for (i = 0; i < aux->resp_hdrs_count && sent; i++) {
    const struct header *it = &server->resp_hdrs[i];
    sent = send_all(aux, it->field, strlen(it->field)) && send_all(aux, ": ", 2) && send_all(aux, it->value, strlen(it->value)) &&
           send_all(aux, "\r\n", 2);
  }
  sent = sent && send_all(aux, "\r\n", 2) && (buf == NULL || send_all(aux, buf, (size_t)buf_len));
  return sent ? ESP_OK : ESP_ERR_HTTPD_RESP_SEND;
}

static const struct {
  const char *status, *message;
} errors[HTTPD_ERR_CODE_MAX] = {
  { "500 Internal Server Error", "Server has encountered an unexpected error" },
  { "501 Method Not Implemented", "Server does not support this method" },
  { "505 Version Not Supported", "HTTP version not supported by server" },
  { "400 Bad Request", "Bad request syntax" },
  { "401 Unauthorized", "No permission -- see authorization schemes" },
  { "403 Forbidden", "Request forbidden -- authorization will not help" },
  { "404 Not Found", "Nothing matches the given URI" },
  { "405 Method Not Allowed", "Specified method is invalid for this resource" },
  { "408 Request Timeout", "Server closed this connection" },
  { "411 Length Required", "Client must specify Content-Length" },
  { "414 URI Too Long", "URI is too long" },
  { "431 Request Header Fields Too Large", "Header fields are too long" },
};

esp_err_t httpd_resp_send_err(httpd_req_t *r, httpd_err_code_t error, const char *msg) {
  if (r == NULL || error >= HTTPD_ERR_CODE_MAX) return ESP_ERR_INVALID_ARG;
  httpd_resp_set_status(r, errors[error].status);
  httpd_resp_set_type(r, HTTPD_TYPE_TEXT);
  return httpd_resp_send(r, msg != NULL ? msg : errors[error].message, HTTPD_RESP_USE_STRLEN);
}

/* --- A connection. */

static void handle_err(struct server *server, httpd_req_t *r, httpd_err_code_t error) {
  if (server->err_handlers[error] != NULL) server->err_handlers[error](r, error);
  else httpd_resp_send_err(r, error, NULL);
}

static int method_of(const char *name) {
  static const struct {
    const char *name;
    int method;
  } methods[] = { { "DELETE", HTTP_DELETE }, { "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "POST", HTTP_POST }, { "PUT", HTTP_PUT },
                  { "OPTIONS", HTTP_OPTIONS }, { "PATCH", HTTP_PATCH } };
  size_t i;
  for (i = 0; i < sizeof methods / sizeof *methods; i++)
    if (strcmp(name, methods[i].name) == 0) return methods[i].method;
  return -1;
}

/* Returns HTTPD_ERR_CODE_MAX if there is no error, and -1 if the client has closed the
 * connection. */
static int read_request_line(httpd_req_t *r, struct aux *aux) {
  char line[16 + HTTPD_MAX_URI_LEN + 16], *uri, *version;
  size_t len = 0;
  int byte;
  while ((byte = next_byte(aux)) != '\n') {
    if (byte < 0) return -1;
    if (byte == 0) return HTTPD_400_BAD_REQUEST;
    if (len + 1 == sizeof line) return HTTPD_414_URI_TOO_LONG;
    line[len++] = (char)byte;
  }
  if (len > 0 && line[len - 1] == '\r') len--;
  line[len] = '\0';
  if ((uri = strchr(line, ' ')) == NULL || (version = strchr(uri + 1, ' ')) == NULL) return HTTPD_400_BAD_REQUEST;
  *uri++ = '\0';
  *version++ = '\0';
  if (strlen(uri) > HTTPD_MAX_URI_LEN) return HTTPD_414_URI_TOO_LONG;
  if (strncmp(version, "HTTP/1.", 7) != 0) return HTTPD_505_VERSION_NOT_SUPPORTED;
  memcpy((char *)r->uri, uri, strlen(uri) + 1);
  r->method = method_of(line);
  return r->method < 0 || *uri != '/' ? HTTPD_400_BAD_REQUEST : HTTPD_ERR_CODE_MAX;
}

static int read_fields(httpd_req_t *r, struct aux *aux) {
  char *line = aux->scratch, *at = line, *const end = aux->scratch + HTTPD_MAX_REQ_HDR_LEN;
  const char *value;
  bool begun = false; /* a line counts as complete when the next one begins */
  for (;;) {
    int byte = next_byte(aux);
    if (byte < 0) return -1;
    if (at == line && begun) aux->req_hdrs_count++;
    if (at == line && (byte == ' ' || byte == '\t')) return HTTPD_400_BAD_REQUEST;
    if (at == end) return HTTPD_431_REQ_HDR_FIELDS_TOO_LARGE;
    if ((byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n') || byte == 127) return HTTPD_400_BAD_REQUEST;
    *at++ = (char)byte;
    if (byte != '\n') continue;
    at[-1] = '\0';
    if (at - line > 1 && at[-2] == '\r') at[-2] = '\0';
    if (*line == '\0') break;
    if (strchr(line, ':') == NULL || strchr(line, '\r') != NULL) return HTTPD_400_BAD_REQUEST;
    line = at;
    begun = true;
  }
  if ((value = value_of(r, "Content-Length")) != NULL) {
    if (*value == '\0' || strlen(value) > 8 || strspn(value, "0123456789") != strlen(value)) return HTTPD_400_BAD_REQUEST;
    r->content_len = aux->remaining = (size_t)atol(value);
  }
  return HTTPD_ERR_CODE_MAX;
}

static void serve(struct server *server, int fd) {
  httpd_req_t r;
  struct aux aux;
  const httpd_uri_t *handler;
  httpd_err_code_t not_found;
  int error, rest;
  memset(&r, 0, sizeof r);
  memset(&aux, 0, sizeof aux);
  r.handle = server;
  r.aux = &aux;
  aux.fd = fd;
  aux.status = HTTPD_200;
  aux.content_type = HTTPD_TYPE_TEXT;
  if ((error = read_request_line(&r, &aux)) == HTTPD_ERR_CODE_MAX) error = read_fields(&r, &aux);
  if (error == HTTPD_ERR_CODE_MAX) {
    handler = find(server, r.uri, strcspn(r.uri, "?#"), r.method, &not_found);
    if (handler == NULL) {
      handle_err(server, &r, not_found);
    } else {
      r.user_ctx = handler->user_ctx;
      handler->handler(&r);
    }
  } else if (error >= 0) {
    handle_err(server, &r, (httpd_err_code_t)error);
  }
  shutdown(fd, SHUT_WR);
  for (rest = 0; error >= 0 && rest < 1 << 20 && next_byte(&aux) >= 0; rest++) {}
}

static void *run(void *context) {
  struct server *server = context;
  struct timeval timeout = { 0, 0 };
  int fd;
  timeout.tv_sec = server->config.recv_wait_timeout;
  server->task = pthread_self();
  while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    serve(server, fd);
    close(fd);
  }
  return NULL;
}

esp_err_t httpd_start(httpd_handle_t *handle, const httpd_config_t *config) {
  struct sockaddr_in address;
  struct server *server;
  pthread_t task;
  int yes = 1;
  if (handle == NULL || config == NULL) return ESP_ERR_INVALID_ARG;
  if ((server = calloc(1, sizeof *server)) == NULL) return ESP_ERR_HTTPD_ALLOC_MEM;
  server->config = *config;
  server->handlers = calloc(config->max_uri_handlers, sizeof *server->handlers);
  server->resp_hdrs = calloc(config->max_resp_headers, sizeof *server->resp_hdrs);
  if (server->handlers == NULL || server->resp_hdrs == NULL) return ESP_ERR_HTTPD_ALLOC_MEM;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(port != 0 ? port : config->server_port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  server->listener = socket(AF_INET, SOCK_STREAM, 0);
  setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(server->listener, config->backlog_conn) != 0)
    return ESP_FAIL;
  if (pthread_create(&task, NULL, run, server) != 0) return ESP_ERR_HTTPD_TASK;
  *handle = server;
  started = true;
  return ESP_OK;
}

int main(int argc, char **argv) {
  port = (uint16_t)atoi(argc > 1 ? argv[1] : "8080");
  app_main();
  if (!started) return 1;
  printf("listening on port %d\n", port);
  fflush(stdout);
  for (;;) pause();
}
