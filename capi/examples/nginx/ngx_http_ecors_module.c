/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * CORS for nginx: the directives of README.md, one policy for each location that differs, made when the configuration is read. */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "embedded_cors.h"

/* The directives, in the order of ngx_http_ecors_commands. */
enum { CORS, ORIGIN, METHODS, HEADERS, EXPOSE, CREDENTIALS, MAX_AGE, DIRECTIVES };

/* Where something stands in the configuration. */
typedef struct {
  ngx_str_t file;
  ngx_uint_t line;
} ngx_http_ecors_place_t;

typedef struct {
  ngx_array_t *values; /* of ecors_str; NULL if the list is the parent's */
  ngx_array_t *places; /* of ngx_http_ecors_place_t */
} ngx_http_ecors_list_t;

typedef struct {
  ngx_flag_t enable;
  ngx_flag_t credentials;
  ngx_int_t max_age; /* NGX_CONF_UNSET, or NO_MAX_AGE */
  ngx_http_ecors_list_t lists[EXPOSE + 1];
  ngx_http_ecors_place_t places[DIRECTIVES]; /* of the last one of each */
  const ecors_policy *policy;                /* NULL if cors is off */
} ngx_http_ecors_conf_t;

#define NO_MAX_AGE (-2)

/* What was decided for a request: once, by the first location on its way that has cors on. */
typedef struct {
  ecors_fields fields; /* values in the request's pool */
  int status;          /* of a preflight, otherwise 0 */
} ngx_http_ecors_ctx_t;

static char *ngx_http_ecors_flag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_list(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_max_age(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static void *ngx_http_ecors_create_conf(ngx_conf_t *cf);
static char *ngx_http_ecors_merge_conf(ngx_conf_t *cf, void *parent, void *child);
static ngx_int_t ngx_http_ecors_init(ngx_conf_t *cf);

static ngx_http_output_header_filter_pt ngx_http_ecors_next_header_filter;

#define EVERYWHERE (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_HTTP_LIF_CONF)
#define DIRECTIVE(name, arguments, set, member)                                                                                    \
  { ngx_string(name), EVERYWHERE | (arguments), set, NGX_HTTP_LOC_CONF_OFFSET, offsetof(ngx_http_ecors_conf_t, member), NULL }

static ngx_command_t ngx_http_ecors_commands[] = {
  DIRECTIVE("cors", NGX_CONF_FLAG, ngx_http_ecors_flag, enable),
  DIRECTIVE("cors_origin", NGX_CONF_1MORE, ngx_http_ecors_list, lists[ORIGIN]),
  DIRECTIVE("cors_methods", NGX_CONF_1MORE, ngx_http_ecors_list, lists[METHODS]),
  DIRECTIVE("cors_headers", NGX_CONF_1MORE, ngx_http_ecors_list, lists[HEADERS]),
  DIRECTIVE("cors_expose", NGX_CONF_1MORE, ngx_http_ecors_list, lists[EXPOSE]),
  DIRECTIVE("cors_credentials", NGX_CONF_FLAG, ngx_http_ecors_flag, credentials),
  DIRECTIVE("cors_max_age", NGX_CONF_TAKE1, ngx_http_ecors_max_age, max_age),
  ngx_null_command
};

static ngx_http_module_t ngx_http_ecors_module_ctx = {
  NULL, ngx_http_ecors_init, /* before and after the configuration */
  NULL, NULL,                /* http */
  NULL, NULL,                /* server */
  ngx_http_ecors_create_conf, ngx_http_ecors_merge_conf
};

ngx_module_t ngx_http_ecors_module = {
  NGX_MODULE_V1, &ngx_http_ecors_module_ctx, ngx_http_ecors_commands, NGX_HTTP_MODULE,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING
};

/* ---------------------------------------------------------------------------------------------------------- Configuration */

static void *ngx_http_ecors_create_conf(ngx_conf_t *cf) {
  ngx_http_ecors_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
  if (conf == NULL) return NULL;
  conf->enable = NGX_CONF_UNSET;
  conf->credentials = NGX_CONF_UNSET;
  conf->max_age = NGX_CONF_UNSET;
  return conf;
}

/* Which directive this is; notes its place. */
static ngx_uint_t ngx_http_ecors_directive(ngx_conf_t *cf, ngx_command_t *cmd, ngx_http_ecors_conf_t *conf) {
  ngx_uint_t directive = cmd - ngx_http_ecors_commands;
  conf->places[directive].file = cf->conf_file->file.name;
  conf->places[directive].line = cf->conf_file->line;
  return directive;
}

/* The mistake as a sentence that names the directive as it is called here. */
static void ngx_http_ecors_message(ecors_error *error, ngx_uint_t directive, char *message, size_t size) {
  char fix[128], *end;
  error->setting = (const char *)ngx_http_ecors_commands[directive].name.data;
  error->index = ECORS_NOWHERE;
  ngx_cpystrn((u_char *)fix, (u_char *)error->fix, sizeof fix);
  end = strstr(fix, " or call ");
  if (end != NULL) { /* a function, which has no directive */
    *end = '\0';
    error->fix = fix;
  }
  if (ecors_error_message(error, message, size, NULL) != ECORS_OK)
    ngx_cpystrn((u_char *)message, (u_char *)error->setting, size);
}

/* nginx adds the file and the line. */
static char *ngx_http_ecors_wrong_value(ngx_conf_t *cf, ecors_error *error, ngx_uint_t directive) {
  char message[512];
  ngx_http_ecors_message(error, directive, message, sizeof message);
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", message);
  return NGX_CONF_ERROR;
}

static char *ngx_http_ecors_flag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_directive(cf, cmd, conf);
  return ngx_conf_set_flag_slot(cf, cmd, conf);
}

/* Several arguments, in one or several lines. "" alone is the empty list. */
static char *ngx_http_ecors_list(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  static int (*const check[])(const char *, size_t, ecors_error *) = {
    NULL, ecors_check_origin, ecors_check_method, ecors_check_header, ecors_check_exposed_header
  };
  ngx_http_ecors_conf_t *ecf = conf;
  ngx_uint_t directive = ngx_http_ecors_directive(cf, cmd, ecf), i;
  ngx_http_ecors_list_t *list = &ecf->lists[directive];
  ngx_str_t *arguments = cf->args->elts;

  if (list->values == NULL) {
    list->values = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ecors_str));
    list->places = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_http_ecors_place_t));
    if (list->values == NULL || list->places == NULL) return NGX_CONF_ERROR;
  }
  if (cf->args->nelts == 2 && arguments[1].len == 0) return NGX_CONF_OK;
  for (i = 1; i < cf->args->nelts; i++) {
    const char *text = (const char *)arguments[i].data;
    ecors_error error;
    ecors_str *value;
    ngx_http_ecors_place_t *place;
    if (check[directive](text, arguments[i].len, &error) != ECORS_OK) return ngx_http_ecors_wrong_value(cf, &error, directive);
    value = ngx_array_push(list->values);
    place = ngx_array_push(list->places);
    if (value == NULL || place == NULL) return NGX_CONF_ERROR;
    value->ptr = text; /* it lives as long as the cycle, and so does the policy */
    value->len = arguments[i].len;
    *place = ecf->places[directive];
  }
  return NGX_CONF_OK;
}

/* Seconds, or as nginx writes times: 10m, 1h; or off. */
static char *ngx_http_ecors_max_age(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_conf_t *ecf = conf;
  ngx_uint_t directive = ngx_http_ecors_directive(cf, cmd, ecf);
  ngx_str_t *arguments = cf->args->elts;
  ngx_int_t seconds;
  ecors_error error;

  if (ecf->max_age != NGX_CONF_UNSET) return "is duplicate";
  if (arguments[1].len == 3 && ngx_strncmp(arguments[1].data, "off", 3) == 0) {
    ecf->max_age = NO_MAX_AGE;
    return NGX_CONF_OK;
  }
  seconds = ngx_parse_time(&arguments[1], 1);
  if (seconds == NGX_ERROR) {
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "cors_max_age \"%V\": is no time; write seconds, or a time such as 10m, or off",
                       &arguments[1]);
    return NGX_CONF_ERROR;
  }
  if (ecors_check_max_age((int32_t)ngx_min(seconds, 0x7fffffff), &error) != ECORS_OK)
    return ngx_http_ecors_wrong_value(cf, &error, directive);
  ecf->max_age = seconds;
  return NGX_CONF_OK;
}

/* A mistake of the whole: the line is that of the entry, or of the directive, and the location says where it matters. */
static char *ngx_http_ecors_wrong_policy(ngx_conf_t *cf, const char *message, const ngx_http_ecors_place_t *place) {
  ngx_http_core_loc_conf_t *location = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
  ngx_http_core_srv_conf_t *server = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);
  if (location->name.len != 0) {
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s (for location \"%V\" of server \"%V\") in %V:%ui", message, &location->name,
                  &server->server_name, &place->file, place->line);
  } else {
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%s (for server \"%V\") in %V:%ui", message, &server->server_name, &place->file,
                  place->line);
  }
  return NGX_CONF_ERROR;
}

static ecors_list ngx_http_ecors_values(const ngx_http_ecors_list_t *list) {
  ecors_list values = ECORS_NO_LIST;
  if (list->values != NULL) {
    values.items = list->values->elts;
    values.len = list->values->nelts;
  }
  return values;
}

/* Which list a setting of the library's is; CORS for every other. */
static ngx_uint_t ngx_http_ecors_setting(const char *setting) {
  static const char *const settings[] = { "", "allow_origins", "allow_methods", "allow_headers", "expose_headers" };
  ngx_uint_t directive;
  for (directive = ORIGIN; directive <= EXPOSE; directive++)
    if (strcmp(setting, settings[directive]) == 0) return directive;
  return strcmp(setting, "max_age_seconds") == 0 ? MAX_AGE : CORS;
}

static char *ngx_http_ecors_make_policy(ngx_conf_t *cf, ngx_http_ecors_conf_t *conf) {
  ecors_config config;
  ecors_error error;
  char message[512];
  const ngx_http_ecors_place_t *place;
  ngx_uint_t directive;
  size_t size;
  void *memory;
  int rc;

  ngx_memzero(&config, sizeof config);
  config.struct_size = sizeof config;
  config.flags = ECORS_RENDER | (conf->credentials == 1 ? ECORS_CREDENTIALS : 0);
  config.max_age_seconds = conf->max_age < 0 ? -1 : (int32_t)conf->max_age;
  config.origins = ngx_http_ecors_values(&conf->lists[ORIGIN]);
  config.methods = ngx_http_ecors_values(&conf->lists[METHODS]);
  config.headers = ngx_http_ecors_values(&conf->lists[HEADERS]);
  config.expose = ngx_http_ecors_values(&conf->lists[EXPOSE]);
  config.seed = (uint64_t)ngx_random() << 32 ^ (uint64_t)ngx_random();

  if (config.origins.len == 0)
    return ngx_http_ecors_wrong_policy(cf, "cors is on and there is no cors_origin", &conf->places[CORS]);

  size = ecors_policy_size(&config);
  memory = ngx_palloc(cf->pool, size);
  if (memory == NULL) return NGX_CONF_ERROR;
  rc = ecors_policy_init(memory, size, &config, &conf->policy, &error);
  if (rc == ECORS_OK) return NGX_CONF_OK;
  if (rc != ECORS_E_CONFIG) return ngx_http_ecors_wrong_policy(cf, ecors_strerror(rc), &conf->places[CORS]);

  directive = ngx_http_ecors_setting(error.setting);
  place = &conf->places[directive];
  if (directive >= ORIGIN && directive <= EXPOSE && error.index < conf->lists[directive].places->nelts)
    place = (ngx_http_ecors_place_t *)conf->lists[directive].places->elts + error.index;
  ngx_http_ecors_message(&error, directive, message, sizeof message);
  return ngx_http_ecors_wrong_policy(cf, message, place);
}

static char *ngx_http_ecors_merge_conf(ngx_conf_t *cf, void *parent, void *child) {
  ngx_http_ecors_conf_t *prev = parent, *conf = child;
  ngx_uint_t directive, own = 0;

  for (directive = CORS; directive < DIRECTIVES; directive++) {
    if (conf->places[directive].line != 0)
      own |= directive != CORS;
    else
      conf->places[directive] = prev->places[directive];
  }
  for (directive = ORIGIN; directive <= EXPOSE; directive++)
    if (conf->lists[directive].values == NULL) conf->lists[directive] = prev->lists[directive];
  ngx_conf_merge_value(conf->enable, prev->enable, 0);
  ngx_conf_merge_value(conf->credentials, prev->credentials, 0);
  ngx_conf_merge_value(conf->max_age, prev->max_age, NGX_CONF_UNSET);

  if (!conf->enable) return NGX_CONF_OK;
  if (own || prev->enable != 1) return ngx_http_ecors_make_policy(cf, conf);
  /* Nothing differs, so the parent's policy will do. The http block's is made by its first server. */
  if (prev->policy == NULL && ngx_http_ecors_make_policy(cf, prev) != NGX_CONF_OK) return NGX_CONF_ERROR;
  conf->policy = prev->policy;
  return NGX_CONF_OK;
}

/* --------------------------------------------------------------------------------------------------------------- Requests */

/* Only a mark: an internal redirect forgets a request's contexts, but not what its pool has to clean up. */
static void ngx_http_ecors_cleanup(void *data) { (void)data; }

static ngx_http_ecors_ctx_t *ngx_http_ecors_get_ctx(ngx_http_request_t *r) {
  ngx_http_ecors_ctx_t *ctx = ngx_http_get_module_ctx(r, ngx_http_ecors_module);
  ngx_pool_cleanup_t *cleanup;
  if (ctx != NULL || !(r->internal || r->filter_finalize)) return ctx;
  for (cleanup = r->pool->cleanup; cleanup != NULL; cleanup = cleanup->next)
    if (cleanup->handler == ngx_http_ecors_cleanup) return cleanup->data;
  return NULL;
}

/* Next line of a list of fields; NULL at its end. */
static ngx_table_elt_t *ngx_http_ecors_next(ngx_list_part_t **part, ngx_uint_t *i) {
  while (*part != NULL && *i >= (*part)->nelts) {
    *part = (*part)->next;
    *i = 0;
  }
  return *part == NULL ? NULL : (ngx_table_elt_t *)(*part)->elts + (*i)++;
}

static void ngx_http_ecors_log_refused(ngx_http_request_t *r, const ecors_decision *decision, const ngx_table_elt_t *origin) {
  int reason = ecors_decision_reason(decision);
  size_t at = ecors_decision_reason_index(decision), i, len;
  u_char text[100], where[NGX_SIZE_T_LEN + sizeof " at "];

  if (reason <= 0 || r->connection->log->log_level < NGX_LOG_INFO) return;
  len = origin == NULL ? 0 : ngx_min(origin->value.len, sizeof text);
  for (i = 0; i < len; i++) text[i] = origin->value.data[i] > 0x20 && origin->value.data[i] < 0x7f ? origin->value.data[i] : '?';
  *ngx_sprintf(where, at == ECORS_NOWHERE ? "" : " at %uz", at) = '\0';
  ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "cors refused origin \"%*s\": %s%s: %s", len, text, ecors_reason_name(reason),
                where, ecors_reason_sentence(reason));
}

/* NULL if there is no memory. Should the library fail, there are no fields, and browsers refuse. */
static ngx_http_ecors_ctx_t *ngx_http_ecors_decide(ngx_http_request_t *r, const ecors_policy *policy) {
  ngx_list_part_t *part = &r->headers_in.headers.part;
  ngx_uint_t i = 0;
  ngx_table_elt_t *line, *origin = NULL;
  ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_ecors_ctx_t));
  ngx_http_ecors_ctx_t *ctx;
  ecors_request request;
  ecors_decision decision;
  size_t needed = 0;
  char *buffer;
  int rc;

  if (cleanup == NULL) return NULL;
  ctx = cleanup->data;
  ngx_memzero(ctx, sizeof *ctx);

  rc = ecors_request_init(&request, (const char *)r->method_name.data, r->method_name.len);
  while (rc == ECORS_OK && (line = ngx_http_ecors_next(&part, &i)) != NULL) {
    rc = ecors_request_field(&request, (const char *)line->key.data, line->key.len, (const char *)line->value.data, line->value.len);
    if (origin == NULL && line->key.len == sizeof ECORS_ORIGIN - 1 &&
        ngx_strncasecmp(line->key.data, (u_char *)ECORS_ORIGIN, line->key.len) == 0)
      origin = line;
  }
  if (rc == ECORS_OK) {
    /* An error in the middle of the head: what nginx had of it then. */
    rc = r->http_state == NGX_HTTP_READING_REQUEST_STATE ? ecors_decide_error_reply(policy, &request, &decision)
                                                         : ecors_decide(policy, &request, &decision);
  }
  if (rc >= 0) {
    ctx->status = ecors_decision_status(&decision);
    ngx_http_ecors_log_refused(r, &decision, origin);
    rc = ecors_decision_fields(&decision, NULL, 0, &ctx->fields, &needed);
    if (rc == ECORS_E_MEMORY) {
      buffer = ngx_pnalloc(r->pool, needed);
      if (buffer == NULL) return NULL;
      rc = ecors_decision_fields(&decision, buffer, needed, &ctx->fields, NULL);
    }
  }
  if (rc < 0) ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0, "cors: %s", ecors_strerror(rc));

  cleanup->handler = ngx_http_ecors_cleanup;
  ngx_http_set_ctx(r, ctx, ngx_http_ecors_module);
  return ctx;
}

/* Sets *ctx to what was or is now decided; to NULL if cors is off. */
static ngx_int_t ngx_http_ecors_decided(ngx_http_request_t *r, ngx_http_ecors_ctx_t **ctx) {
  ngx_http_ecors_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_ecors_module);
  *ctx = ngx_http_ecors_get_ctx(r);
  if (*ctx != NULL || conf->policy == NULL) return NGX_OK;
  *ctx = ngx_http_ecors_decide(r, conf->policy);
  return *ctx == NULL ? NGX_ERROR : NGX_OK;
}

/* Before access is checked, since preflights have no credentials. */
static ngx_int_t ngx_http_ecors_handler(ngx_http_request_t *r) {
  ngx_http_ecors_ctx_t *ctx;
  ngx_int_t rc;

  if (r != r->main) return NGX_DECLINED;
  if (ngx_http_ecors_decided(r, &ctx) != NGX_OK) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  if (ctx == NULL || ctx->status <= 0 || r->error_page) return NGX_DECLINED;

  rc = ngx_http_discard_request_body(r);
  if (rc != NGX_OK) return rc;
  r->headers_out.status = ctx->status;
  r->headers_out.content_length_n = 0;
  r->header_only = 1;
  ngx_http_finalize_request(r, ngx_http_send_header(r));
  return NGX_DONE;
}

/* Every response, of whatever status. */
static ngx_int_t ngx_http_ecors_header_filter(ngx_http_request_t *r) {
  ngx_list_part_t *part = &r->headers_out.headers.part;
  ngx_uint_t i = 0;
  ngx_table_elt_t *line;
  ngx_http_ecors_ctx_t *ctx;

  if (r != r->main) return ngx_http_ecors_next_header_filter(r);
  if (ngx_http_ecors_decided(r, &ctx) != NGX_OK) return NGX_ERROR;
  if (ctx == NULL) return ngx_http_ecors_next_header_filter(r);

  while ((line = ngx_http_ecors_next(&part, &i)) != NULL)
    if (ecors_is_cors_field((const char *)line->key.data, line->key.len) == 1) line->hash = 0; /* not sent */
  for (i = 0; i < ctx->fields.len; i++) {
    const ecors_field *field = &ctx->fields.items[i];
    line = ngx_list_push(&r->headers_out.headers);
    if (line == NULL) return NGX_ERROR;
    line->hash = 1;
    line->key.data = (u_char *)field->name;
    line->key.len = field->name_len;
    line->lowcase_key = (u_char *)field->name;
    line->value.data = (u_char *)field->value;
    line->value.len = field->value_len;
#if nginx_version >= 1023000
    line->next = NULL;
#endif
  }
  return ngx_http_ecors_next_header_filter(r);
}

static ngx_int_t ngx_http_ecors_init(ngx_conf_t *cf) {
  ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
  ngx_http_handler_pt *handler = ngx_array_push(&core->phases[NGX_HTTP_PREACCESS_PHASE].handlers);
  if (handler == NULL) return NGX_ERROR;
  *handler = ngx_http_ecors_handler;
  ngx_http_ecors_next_header_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = ngx_http_ecors_header_filter;
  return NGX_OK;
}
