/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * CORS for nginx, with the directives of README.md. nginx makes the policies when it reads its
 * configuration: one for each block whose settings differ from those of the block around it. */
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "directives.h"
#include "embedded_cors.h"
#include "verdicts.h"

/* A place in the configuration. */
typedef struct {
  ngx_str_t file;
  ngx_uint_t line;
} ngx_http_ecors_place_t;

typedef struct {
  ngx_array_t *values; /* of ecors_str; NULL if the block inherits the list */
  ngx_array_t *places; /* of ngx_http_ecors_place_t */
  unsigned is_empty:1; /* "" was written */
} ngx_http_ecors_list_t;

/* The directives of a block of nginx's, or of a cors_rule. */
typedef struct ngx_http_ecors_conf_s ngx_http_ecors_conf_t;
struct ngx_http_ecors_conf_s {
  ngx_flag_t enable;
  ngx_http_ecors_list_t lists[LAST_LIST + 1];
  ngx_flag_t flags[LAST_FLAG + 1];
  ngx_int_t max_age;        /* NGX_CONF_UNSET, or NO_MAX_AGE */
  ngx_int_t success_status; /* NGX_CONF_UNSET, 200 or 204 */
  ngx_int_t refused_status; /* NGX_CONF_UNSET, 403, 204 or 200 */
  ngx_array_t *rules;       /* of ngx_http_ecors_conf_t, in order; NULL if inherited */
  ngx_http_ecors_list_t hosts;
  ngx_flag_t doors_flags[DOORS_FLAGS];
  ngx_int_t hosts_status;   /* NGX_CONF_UNSET, 403 or 421 */
  ngx_http_ecors_place_t places[DIRECTIVES]; /* where each directive stands last */
  const ecors_policy *policy;                /* NULL if cors is off */
  const ecors_doors *doors;                  /* NULL without directives of doors */
  unsigned replaces_timing:1;                /* the policy has Timing-Allow-Origin */

  /* For the check that no directive is without effect. */
  ngx_http_ecors_conf_t *parent; /* the block around this one */
  ngx_uint_t own;                /* a directive that stands in this block; 0 for none */
  unsigned is_listed:1;          /* the check will look at this block */
  unsigned is_used:1;            /* cors is on in this block, or in one inside it */
  unsigned is_off:1;             /* this block, or one around it, has "cors off" */
};

/* The blocks with directives besides cors: pointers to ngx_http_ecors_conf_t. */
typedef struct {
  ngx_array_t blocks;
  const ecors_policy *any_origin; /* of ecors_has_valid_origin */
} ngx_http_ecors_main_conf_t;

/* The decision about a request. It is made once, by the first location on the way of the request
 * that has cors on. */
typedef struct {
  ecors_fields fields; /* their values are in the request's pool */
  int status;          /* of the answer to a preflight or at the doors, else 0 */
  unsigned replaces_timing:1;
  const char *verdict, *reason; /* NULL for none */
} ngx_http_ecors_ctx_t;

static char *ngx_http_ecors_flag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_list(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_max_age(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static char *ngx_http_ecors_rule(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
static ngx_int_t ngx_http_ecors_add_variables(ngx_conf_t *cf);
static void *ngx_http_ecors_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_ecors_create_conf(ngx_conf_t *cf);
static char *ngx_http_ecors_merge_conf(ngx_conf_t *cf, void *parent, void *child);
static ngx_int_t ngx_http_ecors_init(ngx_conf_t *cf);

static ngx_http_output_header_filter_pt ngx_http_ecors_next_header_filter;

#define EVERYWHERE (NGX_HTTP_MAIN_CONF | NGX_HTTP_SRV_CONF | NGX_HTTP_LOC_CONF | NGX_HTTP_LIF_CONF)
#define DIRECTIVE(name, arguments, set, member)                                                                                    \
  { ngx_string(name), EVERYWHERE | (arguments), set, NGX_HTTP_LOC_CONF_OFFSET, offsetof(ngx_http_ecors_conf_t, member), NULL }

static ngx_command_t ngx_http_ecors_commands[] = {
  DIRECTIVE("cors", NGX_CONF_FLAG, ngx_http_ecors_flag, enable),
  DIRECTIVE("cors_origin", NGX_CONF_1MORE, ngx_http_ecors_list, lists[CORS_ORIGIN]),
  DIRECTIVE("cors_methods", NGX_CONF_1MORE, ngx_http_ecors_list, lists[CORS_METHODS]),
  DIRECTIVE("cors_headers", NGX_CONF_1MORE, ngx_http_ecors_list, lists[CORS_HEADERS]),
  DIRECTIVE("cors_expose", NGX_CONF_1MORE, ngx_http_ecors_list, lists[CORS_EXPOSE]),
  DIRECTIVE("cors_credentials", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_CREDENTIALS]),
  DIRECTIVE("cors_loopback", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_LOOPBACK]),
  DIRECTIVE("cors_timing", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_TIMING]),
  DIRECTIVE("cors_hide_lists", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_HIDE_LISTS]),
  DIRECTIVE("cors_only_requested", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_ONLY_REQUESTED]),
  DIRECTIVE("cors_strict_headers", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_STRICT_HEADERS]),
  DIRECTIVE("cors_dangerously_allow_insecure_origins", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_INSECURE_ORIGINS]),
  DIRECTIVE("cors_dangerously_allow_public_suffixes", NGX_CONF_FLAG, ngx_http_ecors_flag, flags[CORS_PUBLIC_SUFFIXES]),
  DIRECTIVE("cors_max_age", NGX_CONF_TAKE1, ngx_http_ecors_max_age, max_age),
  DIRECTIVE("cors_success_status", NGX_CONF_TAKE1, ngx_http_ecors_status, success_status),
  DIRECTIVE("cors_refused_status", NGX_CONF_TAKE1, ngx_http_ecors_status, refused_status),
  DIRECTIVE("cors_rule", NGX_CONF_BLOCK | NGX_CONF_NOARGS, ngx_http_ecors_rule, rules),
  DIRECTIVE("cors_hosts", NGX_CONF_1MORE, ngx_http_ecors_hosts, hosts),
  DIRECTIVE("cors_doors", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS - DOORS]),
  DIRECTIVE("cors_hosts_addresses", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS_IP_LITERALS - DOORS]),
  DIRECTIVE("cors_hosts_localhost", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS_LOCALHOST - DOORS]),
  DIRECTIVE("cors_hosts_local", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS_LOCAL_NAMES - DOORS]),
  DIRECTIVE("cors_over_https", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS_OVER_HTTPS - DOORS]),
  DIRECTIVE("cors_enforce", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS_ENFORCE - DOORS]),
  DIRECTIVE("cors_isolate", NGX_CONF_FLAG, ngx_http_ecors_flag, doors_flags[DOORS_ISOLATE - DOORS]),
  DIRECTIVE("cors_hosts_status", NGX_CONF_TAKE1, ngx_http_ecors_status, hosts_status),
  ngx_null_command
};

static ngx_http_module_t ngx_http_ecors_module_ctx = {
  ngx_http_ecors_add_variables, ngx_http_ecors_init, /* before and after the configuration */
  ngx_http_ecors_create_main_conf, NULL, /* http */
  NULL, NULL,                /* server */
  ngx_http_ecors_create_conf, ngx_http_ecors_merge_conf
};

ngx_module_t ngx_http_ecors_module = {
  NGX_MODULE_V1, &ngx_http_ecors_module_ctx, ngx_http_ecors_commands, NGX_HTTP_MODULE,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING
};

/* ------------------------------------------------------------------------------- Configuration */

/* The names of the directives, for messages. */
static const char *ngx_http_ecors_names[DIRECTIVES];

static void *ngx_http_ecors_create_main_conf(ngx_conf_t *cf) {
  ngx_http_ecors_main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof *conf);
  void *memory = ngx_palloc(cf->pool, ANY_ORIGIN_SIZE);
  ngx_uint_t directive;
  for (directive = 0; directive < DIRECTIVES; directive++)
    ngx_http_ecors_names[directive] = (const char *)ngx_http_ecors_commands[directive].name.data;
  if (conf == NULL || memory == NULL || ecors_any_origin_init(memory, &conf->any_origin) != ECORS_OK || ngx_array_init(&conf->blocks, cf->pool, 4, sizeof(ngx_http_ecors_conf_t *)) != NGX_OK) return NULL;
  return conf;
}

static void ngx_http_ecors_unset(ngx_http_ecors_conf_t *conf) {
  ngx_uint_t flag;
  ngx_memzero(conf, sizeof *conf);
  conf->enable = NGX_CONF_UNSET;
  conf->max_age = NGX_CONF_UNSET;
  conf->success_status = NGX_CONF_UNSET;
  conf->refused_status = NGX_CONF_UNSET;
  conf->hosts_status = NGX_CONF_UNSET;
  for (flag = LAST_LIST + 1; flag <= LAST_FLAG; flag++) conf->flags[flag] = NGX_CONF_UNSET;
  for (flag = 0; flag < DOORS_FLAGS; flag++) conf->doors_flags[flag] = NGX_CONF_UNSET;
}

static void *ngx_http_ecors_create_conf(ngx_conf_t *cf) {
  ngx_http_ecors_conf_t *conf = ngx_palloc(cf->pool, sizeof *conf);
  if (conf != NULL) ngx_http_ecors_unset(conf);
  return conf;
}

/* Returns which directive this is, and records its place. */
static ngx_uint_t ngx_http_ecors_directive(ngx_conf_t *cf, ngx_command_t *cmd, ngx_http_ecors_conf_t *conf) {
  ngx_uint_t directive = cmd - ngx_http_ecors_commands;
  conf->places[directive].file = cf->conf_file->file.name;
  conf->places[directive].line = cf->conf_file->line;
  return directive;
}

/* Reports a mistake in the directive that is being read; nginx adds the file and the line. */
static char *ngx_http_ecors_wrong_value(ngx_conf_t *cf, ecors_error *error, ngx_uint_t directive) {
  char message[768];
  ecors_directive_message(error, directive, ngx_http_ecors_names, message, sizeof message);
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s", message);
  return NGX_CONF_ERROR;
}

static char *ngx_http_ecors_flag(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_directive(cf, cmd, conf);
  return ngx_conf_set_flag_slot(cf, cmd, conf);
}

/* Reads a list: one or more arguments, in one or more lines. "" is the empty list and stands
 * alone. */
static char *ngx_http_ecors_list(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_conf_t *ecf = conf;
  ngx_uint_t directive = ngx_http_ecors_directive(cf, cmd, ecf), i;
  ngx_http_ecors_list_t *list = &ecf->lists[directive];
  ngx_str_t *arguments = cf->args->elts;

  if (list->values == NULL) {
    list->values = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ecors_str));
    list->places = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_http_ecors_place_t));
    if (list->values == NULL || list->places == NULL) return NGX_CONF_ERROR;
  }
  if (list->is_empty || (cf->args->nelts == 2 && arguments[1].len == 0)) {
    if (list->is_empty || list->values->nelts != 0) return "has \"\" beside another entry; \"\" is the empty list and stands alone";
    list->is_empty = 1;
    return NGX_CONF_OK;
  }
  for (i = 1; i < cf->args->nelts; i++) {
    const char *text = (const char *)arguments[i].data;
    ecors_error error;
    ecors_str *value;
    ngx_http_ecors_place_t *place;
    if (ecors_directive_checks[directive](text, arguments[i].len, &error) != ECORS_OK) return ngx_http_ecors_wrong_value(cf, &error, directive);
    value = ngx_array_push(list->values);
    place = ngx_array_push(list->places);
    if (value == NULL || place == NULL) return NGX_CONF_ERROR;
    value->ptr = text; /* borrowed: text and policy both live as long as the cycle */
    value->len = arguments[i].len;
    *place = ecf->places[directive];
  }
  return NGX_CONF_OK;
}

/* Reads hosts: one or more arguments, in one or more lines. */
static char *ngx_http_ecors_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_conf_t *ecf = conf;
  ngx_http_ecors_place_t *place;
  ngx_str_t *arguments = cf->args->elts;
  ecors_str *value;
  ngx_uint_t i;
  ngx_http_ecors_directive(cf, cmd, ecf);
  if (ecf->hosts.values == NULL) {
    ecf->hosts.values = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ecors_str));
    ecf->hosts.places = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_http_ecors_place_t));
    if (ecf->hosts.values == NULL || ecf->hosts.places == NULL) return NGX_CONF_ERROR;
  }
  for (i = 1; i < cf->args->nelts; i++) {
    value = ngx_array_push(ecf->hosts.values);
    place = ngx_array_push(ecf->hosts.places);
    if (value == NULL || place == NULL) return NGX_CONF_ERROR;
    value->ptr = (const char *)arguments[i].data; /* borrowed, as the values of other lists */
    value->len = arguments[i].len;
    *place = ecf->places[DOORS_HOSTS];
  }
  return NGX_CONF_OK;
}

/* Reads seconds, a time such as 10m or 1h, or off. */
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
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "cors_max_age \"%V\": is not a time; write seconds, a time such as 10m, or off",
                       &arguments[1]);
    return NGX_CONF_ERROR;
  }
  if (ecors_check_max_age((int32_t)ngx_min(seconds, 0x7fffffff), &error) != ECORS_OK)
    return ngx_http_ecors_wrong_value(cf, &error, directive);
  ecf->max_age = seconds;
  return NGX_CONF_OK;
}

/* Reads a status: of preflights, or for hosts that are not the server's. nginx sends no
 * content-length with 204, so there is no value for ECORS_SUCCESS_STATUS_204_BARE. */
static char *ngx_http_ecors_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_conf_t *ecf = conf;
  ngx_str_t *arguments = cf->args->elts;
  ngx_uint_t directive = ngx_http_ecors_directive(cf, cmd, ecf);
  ngx_int_t *status = (ngx_int_t *)((char *)conf + cmd->offset);
  if (*status != NGX_CONF_UNSET) return "is duplicate";
  *status = ngx_atoi(arguments[1].data, arguments[1].len);
  if (ecors_is_status(directive, *status)) return NGX_CONF_OK;
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%V \"%V\": is not a status; write %s", &cmd->name, &arguments[1], ecors_statuses(directive));
  return NGX_CONF_ERROR;
}

/* Reads a directive in a cors_rule. */
static char *ngx_http_ecors_in_rule(ngx_conf_t *cf, ngx_command_t *dummy, void *rule) {
  ngx_str_t *arguments = cf->args->elts;
  ngx_uint_t directive;
  char *result;
  if (cf->args->nelts == 2 && ngx_strcmp(arguments[0].data, "include") == 0) return ngx_conf_include(cf, dummy, rule);
  for (directive = CORS_ORIGIN; directive < CORS_RULE; directive++) {
    ngx_command_t *cmd = &ngx_http_ecors_commands[directive];
    if (cmd->name.len != arguments[0].len || ngx_strncmp(cmd->name.data, arguments[0].data, cmd->name.len) != 0) continue;
    if (cf->args->nelts < 2 || (cf->args->nelts > 2 && !(cmd->type & NGX_CONF_1MORE))) {
      ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid number of arguments in \"%V\" directive", &cmd->name);
      return NGX_CONF_ERROR;
    }
    result = cmd->set(cf, cmd, rule);
    if (result == NGX_CONF_OK || result == NGX_CONF_ERROR) return result;
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive %s", &cmd->name, result);
    return NGX_CONF_ERROR;
  }
  ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" directive is not allowed in cors_rule; write a cors_ directive other than cors_rule",
                     &arguments[0]);
  return NGX_CONF_ERROR;
}

/* Reads a cors_rule. It inherits nothing. */
static char *ngx_http_ecors_rule(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) {
  ngx_http_ecors_conf_t *ecf = conf, *rule;
  ngx_uint_t directive = ngx_http_ecors_directive(cf, cmd, ecf);
  ngx_conf_t outer = *cf;
  char *result;
  if (ecf->rules == NULL) ecf->rules = ngx_array_create(cf->pool, 2, sizeof(ngx_http_ecors_conf_t));
  rule = ecf->rules == NULL ? NULL : ngx_array_push(ecf->rules);
  if (rule == NULL) return NGX_CONF_ERROR;
  ngx_http_ecors_unset(rule);
  rule->places[CORS] = ecf->places[directive];
  cf->handler = ngx_http_ecors_in_rule;
  cf->handler_conf = rule;
  result = ngx_conf_parse(cf, NULL);
  *cf = outer;
  return result;
}

/* Reports a mistake that shows only when all directives of a block are known. It names the line of
 * the entry or of the directive, which may stand in a block around it, and the block. */
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

static ecors_config ngx_http_ecors_config(const ngx_http_ecors_conf_t *conf) {
  ecors_config config;
  ngx_uint_t flag;
  ngx_memzero(&config, sizeof config);
  config.struct_size = sizeof config;
  config.flags = ECORS_RENDER | ecors_directive_statuses(conf->success_status, conf->refused_status);
  for (flag = LAST_LIST + 1; flag <= LAST_FLAG; flag++)
    if (conf->flags[flag] == 1) config.flags |= ecors_directive_flags[flag];
  config.max_age_seconds = conf->max_age < 0 ? -1 : (int32_t)conf->max_age;
  config.origins = ngx_http_ecors_values(&conf->lists[CORS_ORIGIN]);
  config.methods = ngx_http_ecors_values(&conf->lists[CORS_METHODS]);
  config.headers = ngx_http_ecors_values(&conf->lists[CORS_HEADERS]);
  config.expose = ngx_http_ecors_values(&conf->lists[CORS_EXPOSE]);
  return config;
}

/* Returns whether there are origins that the directives allow. */
static int ngx_http_ecors_has_origins(const ngx_http_ecors_conf_t *conf) {
  return conf->flags[CORS_LOOPBACK] == 1 || ngx_http_ecors_values(&conf->lists[CORS_ORIGIN]).len != 0;
}

/* Makes the doors of a block, if there are directives of doors. */
static char *ngx_http_ecors_make_doors(ngx_conf_t *cf, ngx_http_ecors_conf_t *conf) {
  int is_on, rc;
  ecors_doors_config config = ecors_directive_doors(conf->doors_flags, conf->hosts.values != NULL, conf->hosts_status, &is_on);
  const ngx_http_ecors_place_t *place = &conf->places[DOORS_HOSTS];
  ecors_error error;
  char message[768];
  size_t size;
  void *memory;
  if (!is_on) return NGX_CONF_OK;
  config.hosts = ngx_http_ecors_values(&conf->hosts);
  size = ecors_doors_size(&config);
  memory = ngx_palloc(cf->pool, size);
  if (memory == NULL) return NGX_CONF_ERROR;
  rc = ecors_doors_init(memory, size, &config, &conf->doors, &error);
  if (rc == ECORS_OK) return NGX_CONF_OK;
  if (rc != ECORS_E_CONFIG) return ngx_http_ecors_wrong_policy(cf, ecors_strerror(rc), &conf->places[CORS]);
  if (conf->hosts.places != NULL && error.index < conf->hosts.places->nelts)
    place = (ngx_http_ecors_place_t *)conf->hosts.places->elts + error.index;
  ecors_hosts_message(&error, ngx_http_ecors_names, message, sizeof message);
  return ngx_http_ecors_wrong_policy(cf, message, place);
}

/* Makes the policy of a block: its rules in their order, then its own directives. */
static char *ngx_http_ecors_make_policy(ngx_conf_t *cf, ngx_http_ecors_conf_t *conf) {
  ecors_config configs[ECORS_MAX_RULES];
  const ngx_http_ecors_conf_t *sources[ECORS_MAX_RULES + 1], *source;
  ecors_error error;
  char message[768];
  const ngx_http_ecors_place_t *place;
  ngx_uint_t directive, count = 0, i, attempt, rules = conf->rules == NULL ? 0 : conf->rules->nelts;
  size_t size, byte;
  void *memory;
  int rc;

  for (i = 0; i < rules && count < ECORS_MAX_RULES; i++) sources[count++] = (ngx_http_ecors_conf_t *)conf->rules->elts + i;
  if (ngx_http_ecors_make_doors(cf, conf) != NGX_CONF_OK) return NGX_CONF_ERROR;
  if (ngx_http_ecors_has_origins(conf)) sources[count++] = conf;
  if (count == 0)
    return ngx_http_ecors_wrong_policy(cf, "cors is on, but there is no cors_origin; write one, such as cors_origin https://app.example.com", &conf->places[CORS]);
  if (rules > ECORS_MAX_RULES || count > ECORS_MAX_RULES)
    return ngx_http_ecors_wrong_policy(cf, "cors_rule: there are more than 16 rules; the cors_origin beside them counts as one", &conf->places[CORS_RULE]);
  for (i = 0; i < count; i++) {
    if (!ngx_http_ecors_has_origins(sources[i]))
      return ngx_http_ecors_wrong_policy(cf, "cors_rule: has no cors_origin; write one, such as cors_origin https://app.example.com", &sources[i]->places[CORS]);
    configs[i] = ngx_http_ecors_config(sources[i]);
    conf->replaces_timing |= sources[i]->flags[CORS_TIMING] == 1;
  }

  size = ecors_rules_size(configs, count);
  memory = ngx_palloc(cf->pool, size);
  if (memory == NULL) return NGX_CONF_ERROR;
  for (attempt = 0; attempt < INDEX_ATTEMPTS; attempt++) {
    for (i = 0; i < count; i++)
      for (byte = 0; byte < sizeof configs[i].index_seed; byte++) configs[i].index_seed[byte] = (u_char)(ngx_random() >> 8);
    rc = ecors_rules_init(memory, size, configs, count, &conf->policy, &error);
    if (rc != ECORS_E_CONFIG || strcmp(error.setting, "index_seed") != 0) break;
  }
  if (rc == ECORS_OK) return NGX_CONF_OK;
  source = error.rule < count ? sources[error.rule] : conf;
  if (rc != ECORS_E_CONFIG) return ngx_http_ecors_wrong_policy(cf, ecors_strerror(rc), &conf->places[CORS]);

  if (strcmp(error.setting, "index_seed") == 0)
    return ngx_http_ecors_wrong_policy(cf, "cors_origin: too many origins collide in the index, by chance; try again",
                                       &source->places[CORS_ORIGIN]);
  directive = ecors_directive_of(error.setting);
  place = &source->places[directive];
  if (directive >= CORS_ORIGIN && directive <= LAST_LIST && error.index < source->lists[directive].places->nelts)
    place = (ngx_http_ecors_place_t *)source->lists[directive].places->elts + error.index;
  ecors_directive_message(&error, directive, ngx_http_ecors_names, message, sizeof message);
  return ngx_http_ecors_wrong_policy(cf, message, place);
}

/* Notes what the check after the configuration needs to know about a block. */
static char *ngx_http_ecors_note_block(ngx_conf_t *cf, ngx_http_ecors_conf_t *conf, ngx_http_ecors_conf_t *parent) {
  ngx_http_ecors_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf, ngx_http_ecors_module);
  ngx_http_ecors_conf_t **block;
  ngx_uint_t directive;
  conf->parent = parent;
  conf->is_off = conf->enable == 0 || (conf->enable != 1 && parent != NULL && parent->is_off);
  for (directive = CORS_ORIGIN; directive < DIRECTIVES && conf->own == 0; directive++)
    if (conf->places[directive].line != 0) conf->own = directive;
  if (conf->own == 0 || conf->is_listed) return NGX_CONF_OK;
  block = ngx_array_push(&main->blocks);
  if (block == NULL) return NGX_CONF_ERROR;
  *block = conf;
  conf->is_listed = 1;
  return NGX_CONF_OK;
}

static char *ngx_http_ecors_merge_conf(ngx_conf_t *cf, void *parent, void *child) {
  ngx_http_ecors_conf_t *prev = parent, *conf = child, *block;
  ngx_uint_t directive, flag;

  /* The http block is not a child of any. */
  if (prev->parent == NULL && ngx_http_ecors_note_block(cf, prev, NULL) != NGX_CONF_OK) return NGX_CONF_ERROR;
  if (ngx_http_ecors_note_block(cf, conf, prev) != NGX_CONF_OK) return NGX_CONF_ERROR;
  for (directive = CORS; directive < DIRECTIVES; directive++)
    if (conf->places[directive].line == 0) conf->places[directive] = prev->places[directive];
  for (directive = CORS_ORIGIN; directive <= LAST_LIST; directive++)
    if (conf->lists[directive].values == NULL) conf->lists[directive] = prev->lists[directive];
  for (flag = LAST_LIST + 1; flag <= LAST_FLAG; flag++) ngx_conf_merge_value(conf->flags[flag], prev->flags[flag], 0);
  if (conf->hosts.values == NULL) conf->hosts = prev->hosts;
  for (flag = 0; flag < DOORS_FLAGS; flag++) ngx_conf_merge_value(conf->doors_flags[flag], prev->doors_flags[flag], NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->hosts_status, prev->hosts_status, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->enable, prev->enable, 0);
  ngx_conf_merge_value(conf->max_age, prev->max_age, NGX_CONF_UNSET);
  ngx_conf_merge_value(conf->success_status, prev->success_status, 204);
  ngx_conf_merge_value(conf->refused_status, prev->refused_status, 403);
  if (conf->rules == NULL) conf->rules = prev->rules;

  if (!conf->enable) return NGX_CONF_OK;
  for (block = conf; block != NULL; block = block->parent) block->is_used = 1;
  if (conf->own != 0 || prev->enable != 1) return ngx_http_ecors_make_policy(cf, conf);
  /* No directive differs, so the policy of the block around this one is used. The first server
   * makes that of the http block. */
  if (prev->policy == NULL && ngx_http_ecors_make_policy(cf, prev) != NGX_CONF_OK) return NGX_CONF_ERROR;
  conf->policy = prev->policy;
  conf->doors = prev->doors;
  conf->replaces_timing = prev->replaces_timing;
  return NGX_CONF_OK;
}

/* Refuses directives without effect: those in a block where cors is neither on, nor on in a block
 * inside it. Where "cors off" is written they are meant to have none. */
static ngx_int_t ngx_http_ecors_check_used(ngx_conf_t *cf) {
  ngx_http_ecors_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf, ngx_http_ecors_module);
  ngx_http_ecors_conf_t **blocks = main->blocks.elts, *block;
  ngx_uint_t i;
  for (i = 0; i < main->blocks.nelts; i++) {
    block = blocks[i];
    if (block->is_used || block->is_off) continue;
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "%V has no effect, because cors is not on here; write cors on, or cors off if that is meant in %V:%ui",
                  &ngx_http_ecors_commands[block->own].name, &block->places[block->own].file, block->places[block->own].line);
    return NGX_ERROR;
  }
  return NGX_OK;
}

/* ------------------------------------------------------------------------------------ Requests */

/* Marks the context among the pool's cleanups. An internal redirect forgets the contexts of a
 * request, but not the cleanups of its pool, so the context can be found again there. */
static void ngx_http_ecors_cleanup(void *data) { (void)data; }

static ngx_http_ecors_ctx_t *ngx_http_ecors_get_ctx(ngx_http_request_t *r) {
  ngx_http_ecors_ctx_t *ctx = ngx_http_get_module_ctx(r, ngx_http_ecors_module);
  ngx_pool_cleanup_t *cleanup;
  if (ctx != NULL || !(r->internal || r->filter_finalize)) return ctx;
  for (cleanup = r->pool->cleanup; cleanup != NULL; cleanup = cleanup->next)
    if (cleanup->handler == ngx_http_ecors_cleanup) return cleanup->data;
  return NULL;
}

/* Returns the next line of a list of fields, or NULL after the last. */
static ngx_table_elt_t *ngx_http_ecors_next(ngx_list_part_t **part, ngx_uint_t *i) {
  while (*part != NULL && *i >= (*part)->nelts) {
    *part = (*part)->next;
    *i = 0;
  }
  return *part == NULL ? NULL : (ngx_table_elt_t *)(*part)->elts + (*i)++;
}

/* Reads the request. Sets *origin, unless that is NULL, to the first Origin, or to NULL. */
static int ngx_http_ecors_read(ngx_http_request_t *r, ecors_request *request, ngx_table_elt_t **origin) {
  ngx_list_part_t *part = &r->headers_in.headers.part;
  ngx_uint_t i = 0;
  ngx_table_elt_t *line;
  int rc = ecors_request_init(request, (const char *)r->method_name.data, r->method_name.len);
  if (origin != NULL) *origin = NULL;
  while (rc == ECORS_OK && (line = ngx_http_ecors_next(&part, &i)) != NULL) {
    rc = ecors_request_add_field(request, (const char *)line->key.data, line->key.len, (const char *)line->value.data, line->value.len);
    if (origin != NULL && *origin == NULL && line->key.len == sizeof ECORS_ORIGIN - 1 &&
        ngx_strncasecmp(line->key.data, (u_char *)ECORS_ORIGIN, line->key.len) == 0)
      *origin = line;
  }
  return rc;
}

/* Returns the target of the request line, which is the second word. */
static ngx_str_t ngx_http_ecors_target(ngx_http_request_t *r) {
  ngx_str_t target = r->request_line;
  size_t len;
  while (target.len > 0 && *target.data != ' ') target.data++, target.len--;
  while (target.len > 0 && *target.data == ' ') target.data++, target.len--;
  for (len = 0; len < target.len && target.data[len] != ' '; len++) {}
  target.len = len;
  return target;
}

/* Decides at the doors, and puts the decision into the context. */
static int ngx_http_ecors_decide_at_doors(ngx_http_request_t *r, const ngx_http_ecors_conf_t *conf, ngx_http_ecors_ctx_t *ctx) {
  ngx_list_part_t *part = &r->headers_in.headers.part;
  ngx_uint_t i = 0;
  ngx_table_elt_t *line;
  ngx_str_t target = ngx_http_ecors_target(r);
  ecors_doors_request request;
  ecors_doors_decision decision;
  size_t needed = 0;
  char *buffer;
  int rc = ecors_doors_request_init(&request, (const char *)r->method_name.data, r->method_name.len);
  if (rc == ECORS_OK) rc = ecors_doors_request_set_target(&request, (const char *)target.data, target.len);
  if (rc == ECORS_OK && r->http_version == NGX_HTTP_VERSION_10) rc = ecors_doors_request_set_http_1_0(&request);
  while (rc == ECORS_OK && (line = ngx_http_ecors_next(&part, &i)) != NULL)
    rc = ecors_doors_request_add_field(&request, (const char *)line->key.data, line->key.len, (const char *)line->value.data,
                                       line->value.len);
  if (rc == ECORS_OK) rc = ecors_doors_decide(conf->doors, conf->policy, &request, &decision);
  if (rc < 0) {
    ctx->status = NGX_HTTP_FORBIDDEN;
    return rc;
  }
  ctx->status = ecors_doors_decision_status(&decision);
  ctx->verdict = ecors_doors_decision_is_refused(&decision) ? "refused" : "allowed";
  if (ecors_doors_decision_reason(&decision) > 0) {
    ctx->reason = ecors_reason_name(ecors_doors_decision_reason(&decision));
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "cors refused at the doors: %s: %s", ctx->reason,
                  ecors_reason_sentence(ecors_doors_decision_reason(&decision)));
  }
  rc = ecors_doors_decision_fields(&decision, NULL, 0, &ctx->fields, &needed);
  if (rc != ECORS_E_MEMORY) return rc;
  buffer = ngx_pnalloc(r->pool, needed);
  return buffer == NULL ? ECORS_E_MEMORY : ecors_doors_decision_fields(&decision, buffer, needed, &ctx->fields, NULL);
}

static void ngx_http_ecors_log_refused(ngx_http_request_t *r, const ecors_decision *decision, const ngx_table_elt_t *origin) {
  char message[512];
  if (ecors_decision_reason(decision) <= 0 || r->connection->log->log_level < NGX_LOG_INFO) return;
  ecors_refusal_message(decision, origin == NULL ? "" : (const char *)origin->value.data, origin == NULL ? 0 : origin->value.len, message,
                        sizeof message);
  ngx_log_error(NGX_LOG_INFO, r->connection->log, 0, "%s", message);
}

/* Decides on a request. Returns NULL if there is no memory. If the library fails, the context has
 * no fields, and browsers refuse the response. */
static ngx_http_ecors_ctx_t *ngx_http_ecors_decide(ngx_http_request_t *r, const ngx_http_ecors_conf_t *conf) {
  const ecors_policy *policy = conf->policy;
  ngx_table_elt_t *origin;
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
  ctx->replaces_timing = conf->replaces_timing;

  if (conf->doors != NULL && r->http_state != NGX_HTTP_READING_REQUEST_STATE) {
    rc = ngx_http_ecors_decide_at_doors(r, conf, ctx);
    if (rc < 0) ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0, "cors: %s", ecors_strerror(rc));
    cleanup->handler = ngx_http_ecors_cleanup;
    ngx_http_set_ctx(r, ctx, ngx_http_ecors_module);
    return ctx;
  }
  rc = ngx_http_ecors_read(r, &request, &origin);
  if (rc == ECORS_OK) {
    /* nginx gave up in the middle of the head, so only a part of the fields is there. */
    rc = r->http_state == NGX_HTTP_READING_REQUEST_STATE ? ecors_decide_for_error_reply(policy, &request, &decision)
                                                         : ecors_decide(policy, &request, &decision);
  }
  if (rc >= 0) {
    ctx->status = ecors_decision_status(&decision);
    ctx->verdict = ecors_verdict(&decision);
    if (ecors_decision_reason(&decision) > 0) ctx->reason = ecors_reason_name(ecors_decision_reason(&decision));
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

/* Sets *ctx to the decision about the request, which is made if it does not exist yet; to NULL if
 * cors is off. */
static ngx_int_t ngx_http_ecors_decided(ngx_http_request_t *r, ngx_http_ecors_ctx_t **ctx) {
  ngx_http_ecors_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_ecors_module);
  *ctx = ngx_http_ecors_get_ctx(r);
  if (*ctx != NULL || conf->policy == NULL) return NGX_OK;
  *ctx = ngx_http_ecors_decide(r, conf);
  return *ctx == NULL ? NGX_ERROR : NGX_OK;
}

/* Lets a preflight pass the rewrite phase, so that no return or rewrite of the location answers it
 * or leads it elsewhere. It runs before the handler of these. The settings are therefore those of
 * the location that the URI selects, without its if blocks. */
static ngx_int_t ngx_http_ecors_pass_rewrite(ngx_http_request_t *r) {
  ngx_http_core_main_conf_t *core = ngx_http_get_module_main_conf(r, ngx_http_core_module);
  ngx_http_ecors_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_ecors_module);
  ngx_http_ecors_ctx_t *ctx;
  ecors_request request;

  if (r != r->main || r->error_page || conf->policy == NULL || r->method != NGX_HTTP_OPTIONS) return NGX_DECLINED;
  if (ngx_http_ecors_read(r, &request, NULL) != ECORS_OK || ecors_request_is_preflight(&request) != 1) return NGX_DECLINED;
  if (ngx_http_ecors_decided(r, &ctx) != NGX_OK) return NGX_HTTP_INTERNAL_SERVER_ERROR;
  if (ctx == NULL || ctx->status <= 0) return NGX_DECLINED;
  /* The next handler is then the first one of the next phase. */
  r->phase_handler = core->phase_engine.handlers[r->phase_handler].next - 1;
  return NGX_DECLINED;
}

/* Answers preflights. It runs before nginx checks access, since preflights have no credentials, and
 * after limit_req and limit_conn, which count preflights. */
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

/* Returns whether the module replaces this field of the response. Without cors_timing it leaves
 * Timing-Allow-Origin alone. */
static int ngx_http_ecors_replaces(const ngx_http_ecors_ctx_t *ctx, const ngx_str_t *name) {
  static const ngx_str_t timing = ngx_string("timing-allow-origin");
  if (ecors_is_cors_response_field((const char *)name->data, name->len) != 1) return 0;
  return ctx->replaces_timing || name->len != timing.len || ngx_strncasecmp(name->data, timing.data, timing.len) != 0;
}

/* Sets the fields of every response, whatever its status. */
static ngx_int_t ngx_http_ecors_header_filter(ngx_http_request_t *r) {
  ngx_list_part_t *part = &r->headers_out.headers.part;
  ngx_uint_t i = 0;
  ngx_table_elt_t *line;
  ngx_http_ecors_ctx_t *ctx;

  if (r != r->main) return ngx_http_ecors_next_header_filter(r);
  if (ngx_http_ecors_decided(r, &ctx) != NGX_OK) return NGX_ERROR;
  if (ctx == NULL) return ngx_http_ecors_next_header_filter(r);

  /* A return or rewrite of the server, which comes before all locations, has answered a preflight.
   * Browsers would not accept it, and a redirect least of all. */
  if (ctx->status > 0 && !r->error_page && r->headers_out.status != (ngx_uint_t)ctx->status && r->headers_out.status >= 200 &&
      r->headers_out.status < 400) {
    r->headers_out.status = ctx->status;
    r->headers_out.status_line.len = 0;
    r->headers_out.content_length_n = 0;
    r->headers_out.content_type.len = 0;
    r->header_only = 1;
    ngx_http_clear_location(r);
  }
  while ((line = ngx_http_ecors_next(&part, &i)) != NULL)
    if (ngx_http_ecors_replaces(ctx, &line->key)) line->hash = 0; /* nginx does not send it */
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

/* The variables for logs. Before the decision, and where cors is off, they are not found. */
enum { VERDICT, REASON, ORIGIN };

static ngx_int_t ngx_http_ecors_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v, uintptr_t which) {
  ngx_http_ecors_main_conf_t *main = ngx_http_get_module_main_conf(r, ngx_http_ecors_module);
  ngx_http_ecors_ctx_t *ctx = ngx_http_ecors_get_ctx(r->main);
  ecors_request request;
  ngx_table_elt_t *origin;
  const char *text = ctx == NULL ? NULL : which == REASON ? ctx->reason : ctx->verdict;

  v->valid = 1;
  v->no_cacheable = 1;
  v->not_found = text == NULL;
  if (text == NULL) return NGX_OK;
  v->data = (u_char *)text;
  v->len = ngx_strlen(text);
  if (which != ORIGIN) return NGX_OK;
  v->not_found = ngx_http_ecors_read(r->main, &request, &origin) != ECORS_OK || origin == NULL ||
                 !ecors_has_valid_origin(main->any_origin, &request);
  if (v->not_found) return NGX_OK;
  v->data = origin->value.data;
  v->len = origin->value.len;
  return NGX_OK;
}

static ngx_int_t ngx_http_ecors_add_variables(ngx_conf_t *cf) {
  static ngx_str_t names[] = { ngx_string("cors_verdict"), ngx_string("cors_reason"), ngx_string("cors_origin") };
  uintptr_t which;
  for (which = VERDICT; which <= ORIGIN; which++) {
    ngx_http_variable_t *variable = ngx_http_add_variable(cf, &names[which], NGX_HTTP_VAR_NOCACHEABLE);
    if (variable == NULL) return NGX_ERROR;
    variable->get_handler = ngx_http_ecors_variable;
    variable->data = which;
  }
  return NGX_OK;
}

static ngx_int_t ngx_http_ecors_init(ngx_conf_t *cf) {
  ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
  ngx_array_t *rewrite = &core->phases[NGX_HTTP_REWRITE_PHASE].handlers, *preaccess = &core->phases[NGX_HTTP_PREACCESS_PHASE].handlers;
  ngx_http_handler_pt *pass = ngx_array_push(rewrite), *handler = ngx_array_push(preaccess);
  if (pass == NULL || handler == NULL || ngx_http_ecors_check_used(cf) != NGX_OK) return NGX_ERROR;
  /* nginx calls the last handler of a phase first. */
  *pass = ngx_http_ecors_pass_rewrite;
  handler = preaccess->elts;
  ngx_memmove(handler + 1, handler, (preaccess->nelts - 1) * sizeof *handler);
  *handler = ngx_http_ecors_handler;
  ngx_http_ecors_next_header_filter = ngx_http_top_header_filter;
  ngx_http_top_header_filter = ngx_http_ecors_header_filter;
  return NGX_OK;
}
