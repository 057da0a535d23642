/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Apache merges the directives of the server, of sections and of .htaccess files for each request.
 * The blocks that it read at its start live as long as the configuration, so a merge of two of them
 * is made once, kept in the second one, and found there by later requests without a lock. A
 * block of an .htaccess file, and all that is merged from it, lives as long as the request. */
#include "config.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <http_core.h>
#include <http_log.h>

#include "directives.h"
#include "verdicts.h"

APLOG_USE_MODULE(ecors);

#define UNSET (-1)

typedef struct {
  apr_array_header_t *values; /* of ecors_str; NULL if the block inherits the list */
  apr_array_header_t *places; /* of ecors_place */
  int is_empty;               /* "" was written */
} entries;

/* A merge of a block with the one that contains this list. */
typedef struct merge {
  const ecors_block *base;
  ecors_block *result;
  struct merge *next;
} merge;

struct ecors_block {
  int enable;
  entries lists[LAST_LIST + 1];
  int flags[LAST_FLAG + 1];
  int max_age; /* UNSET, or NO_MAX_AGE */
  int success_status, refused_status;
  entries hosts;
  long doors_flags[DOORS_FLAGS]; /* UNSET, 0 or 1 */
  int hosts_status;              /* UNSET, 403 or 421 */
  apr_array_header_t *rules; /* of ecors_block *, in order; NULL if inherited */
  ecors_place places[DIRECTIVES]; /* where each directive stands last */
  /* a directive other than Cors that stands in this block; 0 for none */
  int own;
  int is_empty;                   /* there is no directive at all */

  ecors_block *rule;          /* the CorsRule that is being read */
  ecors_block *sources[2];    /* of a merge */
  int is_kept;                /* lives as long as the configuration */
  volatile void *made;        /* ecors_made */
  volatile void *merges;      /* a list of merge */
  volatile apr_uint32_t merged; /* their number */

  /* For the check that no directive is without effect. */
  int is_used, is_off;
};

/* The number of merges that a block keeps. Further ones, which only very many sections that match
 * the same request can need, are made for each request. */
#define MAX_MERGES 256

const ecors_policy *ecors_any_origin;
static apr_array_header_t *blocks; /* that have been checked: ecors_block * */
static int depends_on_files;
/* For what a process makes between requests. The mutex guards the pool, and changes. */
static apr_pool_t *requests_pool;
static apr_thread_mutex_t *mutex;

static const char *names[DIRECTIVES];

/* --------------------------------------------------------------------------------------- Blocks */

static int is_reading_configuration(void) {
  int state = ap_state_query(AP_SQ_MAIN_STATE);
  return state != AP_SQ_MS_RUN_MPM && state != AP_SQ_MS_EXITING;
}

static ecors_block *new_block(apr_pool_t *pool) {
  ecors_block *block = apr_pcalloc(pool, sizeof *block);
  int flag;
  block->enable = block->max_age = block->success_status = block->refused_status = block->hosts_status = UNSET;
  for (flag = 0; flag < DOORS_FLAGS; flag++) block->doors_flags[flag] = UNSET;
  for (flag = 0; flag <= LAST_FLAG; flag++) block->flags[flag] = UNSET;
  block->is_empty = 1;
  return block;
}

void *ecors_create_block(apr_pool_t *pool, char *directory) {
  ecors_block *block = new_block(pool);
  (void)directory;
  block->is_kept = is_reading_configuration();
  return block;
}

#define INHERIT(member, unset)                                                                                                     \
  if (block->member == unset) block->member = base->member

static ecors_block *merged(apr_pool_t *pool, ecors_block *base, ecors_block *add) {
  ecors_block *block = apr_pmemdup(pool, add, sizeof *add);
  int i;
  INHERIT(enable, UNSET);
  INHERIT(max_age, UNSET);
  INHERIT(success_status, UNSET);
  INHERIT(refused_status, UNSET);
  INHERIT(hosts_status, UNSET);
  INHERIT(rules, NULL);
  for (i = 0; i < DOORS_FLAGS; i++) INHERIT(doors_flags[i], UNSET);
  if (add->hosts.values == NULL) block->hosts = base->hosts;
  for (i = CORS_ORIGIN; i <= LAST_FLAG; i++) INHERIT(flags[i], UNSET);
  for (i = CORS_ORIGIN; i <= LAST_LIST; i++)
    if (add->lists[i].values == NULL) block->lists[i] = base->lists[i];
  for (i = CORS; i < DIRECTIVES; i++)
    if (add->places[i].file == NULL) block->places[i] = base->places[i];
  block->sources[0] = base;
  block->sources[1] = add;
  block->is_kept = 0;
  block->made = block->merges = NULL;
  block->merged = 0;
  block->is_used = block->is_off = 0;
  return block;
}

static void *read_pointer(volatile void **pointer) { return apr_atomic_casptr(pointer, NULL, NULL); }

static ecors_block *kept_merge(ecors_block *add, const ecors_block *base) {
  merge *one;
  for (one = read_pointer(&add->merges); one != NULL; one = one->next)
    if (one->base == base) return one->result;
  return NULL;
}

void *ecors_merge_blocks(apr_pool_t *pool, void *base_, void *add_) {
  ecors_block *base = base_, *add = add_, *result;
  int is_reading = is_reading_configuration();
  merge *one;

  if (add->is_empty) return base;
  if (base->is_empty) return add;
  if (!base->is_kept || !add->is_kept) return merged(pool, base, add);
  result = kept_merge(add, base);
  if (result != NULL) return result;
  if (!is_reading) {
    if (requests_pool == NULL || apr_atomic_read32(&add->merged) >= MAX_MERGES) return merged(pool, base, add);
    apr_thread_mutex_lock(mutex);
    pool = requests_pool;
  }
  result = kept_merge(add, base); /* another thread may have made it */
  if (result == NULL) {
    result = merged(pool, base, add);
    result->is_kept = 1;
    one = apr_palloc(pool, sizeof *one);
    one->base = base;
    one->result = result;
    one->next = read_pointer(&add->merges);
    apr_atomic_xchgptr(&add->merges, one);
    apr_atomic_inc32(&add->merged);
  }
  if (!is_reading) apr_thread_mutex_unlock(mutex);
  return result;
}

/* ----------------------------------------------------------------------------------- Directives */

/* Sets *block to the block or the rule that this directive belongs to, and records its place.
 * Returns a mistake, or NULL. */
static const char *begin_directive(cmd_parms *cmd, void *dir, ecors_block **block) {
  int directive = (int)(apr_ssize_t)cmd->info;
  ecors_block *outer = dir;
  const char *mistake = ap_check_cmd_context(cmd, NOT_IN_LIMIT);
  if (mistake != NULL) return mistake;
  *block = outer->rule != NULL ? outer->rule : outer;
  (*block)->places[directive].file = cmd->directive->filename;
  (*block)->places[directive].line = cmd->directive->line_num;
  (*block)->is_empty = 0;
  if (directive != CORS && (*block)->own == 0) (*block)->own = directive;
  return NULL;
}

static const char *wrong_value(cmd_parms *cmd, ecors_error *error) {
  char message[768];
  ecors_directive_message(error, (unsigned)(apr_ssize_t)cmd->info, names, message, sizeof message);
  return apr_pstrdup(cmd->pool, message);
}

static const char *set_flag(cmd_parms *cmd, void *dir, int flag) {
  int directive = (int)(apr_ssize_t)cmd->info;
  ecors_block *block;
  const char *mistake = begin_directive(cmd, dir, &block);
  if (mistake != NULL) return mistake;
  if (directive == CORS) block->enable = flag;
  else if (directive >= DOORS) block->doors_flags[directive - DOORS] = flag;
  else block->flags[directive] = flag;
  return NULL;
}

/* Reads a list: one or more arguments, in one or more lines. "" is the empty list and stands
 * alone. */
static const char *set_list(cmd_parms *cmd, void *dir, const char *arguments) {
  int directive = (int)(apr_ssize_t)cmd->info;
  ecors_block *block;
  entries *list;
  const char *mistake = begin_directive(cmd, dir, &block), *text;
  ecors_error error;
  ecors_str *value;

  if (mistake != NULL) return mistake;
  if (*arguments == '\0') return apr_pstrcat(cmd->pool, names[directive], " has no argument; write at least one", NULL);
  list = directive == DOORS_HOSTS ? &block->hosts : &block->lists[directive];
  if (list->values == NULL) {
    list->values = apr_array_make(cmd->pool, 4, sizeof(ecors_str));
    list->places = apr_array_make(cmd->pool, 4, sizeof(ecors_place));
  }
  while (*arguments != '\0') {
    text = ap_getword_conf(cmd->pool, &arguments);
    if (directive != DOORS_HOSTS && (list->is_empty || (*text == '\0' && (list->values->nelts != 0 || *arguments != '\0'))))
      return apr_pstrcat(cmd->pool, names[directive], " has \"\" beside another entry; \"\" is the empty list and stands alone", NULL);
    if (directive != DOORS_HOSTS && *text == '\0') {
      list->is_empty = 1;
      return NULL;
    }
    /* Hosts are checked when the doors are made. */
    if (directive != DOORS_HOSTS && ecors_directive_checks[directive](text, strlen(text), &error) != ECORS_OK) return wrong_value(cmd, &error);
    value = apr_array_push(list->values);
    value->ptr = text; /* borrowed: text and policy both live as long as the configuration */
    value->len = strlen(text);
    APR_ARRAY_PUSH(list->places, ecors_place) = block->places[directive];
  }
  return NULL;
}

/* Returns the seconds of a time as nginx writes it, such as 600, 10m or 1h30m; or -1. */
static apr_int64_t seconds_of(const char *text) {
  static const struct { char letter; int seconds; } units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 }, { '\0', 1 } };
  apr_int64_t all = 0, number;
  apr_size_t unit = 0;
  char *end;
  do {
    if (*text < '0' || *text > '9') return -1;
    number = apr_strtoi64(text, &end, 10);
    if (number > APR_INT32_MAX) number = APR_INT32_MAX;
    while (unit < sizeof units / sizeof *units && units[unit].letter != *end) unit++;
    if (unit == sizeof units / sizeof *units) return -1;
    all += number * units[unit].seconds;
    text = end + (*end != '\0');
    unit++;
  } while (*text != '\0');
  return all;
}

/* Reads seconds, a time such as 10m or 1h, or off. */
static const char *set_max_age(cmd_parms *cmd, void *dir, const char *argument) {
  ecors_block *block;
  const char *mistake = begin_directive(cmd, dir, &block);
  apr_int64_t seconds = seconds_of(argument);
  ecors_error error;

  if (mistake != NULL) return mistake;
  if (strcasecmp(argument, "off") == 0) {
    block->max_age = NO_MAX_AGE;
    return NULL;
  }
  if (seconds < 0) return apr_psprintf(cmd->pool, "CorsMaxAge \"%s\": is not a time; write seconds, a time such as 10m, or off", argument);
  if (seconds > APR_INT32_MAX) seconds = APR_INT32_MAX;
  if (ecors_check_max_age((apr_int32_t)seconds, &error) != ECORS_OK) return wrong_value(cmd, &error);
  block->max_age = (int)seconds;
  return NULL;
}

/* Reads a status: of preflights, or for hosts that are not the server's. Apache sends no
 * content-length with 204, so there is no value for ECORS_SUCCESS_STATUS_204_BARE. */
static const char *set_status(cmd_parms *cmd, void *dir, const char *argument) {
  int directive = (int)(apr_ssize_t)cmd->info, status = atoi(argument);
  ecors_block *block;
  const char *mistake = begin_directive(cmd, dir, &block);
  if (mistake != NULL) return mistake;
  if (strlen(argument) != 3 || !ecors_is_status(directive, status))
    return apr_psprintf(cmd->pool, "%s \"%s\": is not a status; write %s", cmd->cmd->name, argument, ecors_statuses(directive));
  *(directive == DOORS_HOSTS_STATUS ? &block->hosts_status : directive == CORS_REFUSED_STATUS ? &block->refused_status : &block->success_status) =
    status;
  return NULL;
}

/* Returns whether a directive may stand in a CorsRule. */
static int may_be_in_rule(const char *name) {
  const command_rec *command;
  for (command = ecors_commands; command->name != NULL; command++)
    if (strcasecmp(command->name, name) == 0) return (apr_ssize_t)command->cmd_data > CORS && (apr_ssize_t)command->cmd_data < CORS_RULE;
  return 0;
}

/* Reads a CorsRule. It inherits nothing. */
static const char *set_rule(cmd_parms *cmd, void *dir, const char *arguments) {
  ecors_block *block = dir, *outer;
  const char *mistake = begin_directive(cmd, dir, &outer);
  const ap_directive_t *inside;
  if (mistake != NULL) return mistake;
  if (*arguments != '>' || arguments[1] != '\0') return "<CorsRule> takes no argument; write <CorsRule>, and the directives below it";
  for (inside = cmd->directive->first_child; inside != NULL; inside = inside->next)
    if (!may_be_in_rule(inside->directive)) {
      cmd->err_directive = inside;
      return apr_psprintf(cmd->pool, "%s%s is not allowed in <CorsRule>; write a Cors directive other than Cors and those of doors", inside->directive,
                          *inside->directive == '<' ? ">" : "");
    }
  if (block->rules == NULL) block->rules = apr_array_make(cmd->pool, 2, sizeof(ecors_block *));
  block->rule = new_block(cmd->pool);
  block->rule->places[CORS] = block->places[CORS_RULE];
  APR_ARRAY_PUSH(block->rules, ecors_block *) = block->rule;
  mistake = ap_walk_config(cmd->directive->first_child, cmd, cmd->context);
  block->rule = NULL;
  return mistake;
}

#define DIRECTIVE(name, arguments, set, directive, help) AP_INIT_##arguments(name, set, (void *)directive, OR_FILEINFO, help)

const command_rec ecors_commands[] = {
  DIRECTIVE("Cors", FLAG, set_flag, CORS, "on: answer preflights and set the CORS fields of every response"),
  DIRECTIVE("CorsOrigin", RAW_ARGS, set_list, CORS_ORIGIN, "origins that are allowed, or *"),
  DIRECTIVE("CorsMethods", RAW_ARGS, set_list, CORS_METHODS, "methods that are allowed besides GET, HEAD and POST, or *"),
  DIRECTIVE("CorsHeaders", RAW_ARGS, set_list, CORS_HEADERS, "request headers that are allowed, or *"),
  DIRECTIVE("CorsExpose", RAW_ARGS, set_list, CORS_EXPOSE, "response headers that scripts may read, or *"),
  DIRECTIVE("CorsCredentials", FLAG, set_flag, CORS_CREDENTIALS, "on: allow cookies, HTTP authentication and client certificates"),
  DIRECTIVE("CorsLoopback", FLAG, set_flag, CORS_LOOPBACK, "on: allow pages of the visitor's own machine"),
  DIRECTIVE("CorsTiming", FLAG, set_flag, CORS_TIMING, "on: let pages of the allowed origins read how long responses took"),
  DIRECTIVE("CorsHideLists", FLAG, set_flag, CORS_HIDE_LISTS, "on: answer a preflight for a method or header that is not allowed without the lists"),
  DIRECTIVE("CorsOnlyRequested", FLAG, set_flag, CORS_ONLY_REQUESTED, "on: answer a preflight with the method and headers that it requests"),
  DIRECTIVE("CorsStrictHeaders", FLAG, set_flag, CORS_STRICT_HEADERS, "on: accept requested headers only as the Fetch Standard writes them"),
  DIRECTIVE("CorsDangerouslyAllowInsecureOrigins", FLAG, set_flag, CORS_INSECURE_ORIGINS, "on: permit http: origins with credentials"),
  DIRECTIVE("CorsDangerouslyAllowPublicSuffixes", FLAG, set_flag, CORS_PUBLIC_SUFFIXES, "on: permit origins such as https://*.internal with credentials"),
  DIRECTIVE("CorsMaxAge", TAKE1, set_max_age, CORS_MAX_AGE, "how long browsers may keep the answer to a preflight: a time, or off"),
  DIRECTIVE("CorsSuccessStatus", TAKE1, set_status, CORS_SUCCESS_STATUS, "the status of allowed preflights: 204 or 200"),
  DIRECTIVE("CorsRefusedStatus", TAKE1, set_status, CORS_REFUSED_STATUS, "the status of refused preflights: 403, 204 or 200"),
  DIRECTIVE("<CorsRule", RAW_ARGS, set_rule, CORS_RULE, "other settings for other origins"),
  DIRECTIVE("CorsHosts", RAW_ARGS, set_list, DOORS_HOSTS, "hosts that the server answers to"),
  DIRECTIVE("CorsDoors", FLAG, set_flag, DOORS, "on: refuse handshakes, unsafe methods and event streams of other origins"),
  DIRECTIVE("CorsHostsAddresses", FLAG, set_flag, DOORS_IP_LITERALS, "on: answer to every IP address as well"),
  DIRECTIVE("CorsHostsLocalhost", FLAG, set_flag, DOORS_LOCALHOST, "on: answer to localhost and the names under it as well"),
  DIRECTIVE("CorsHostsLocal", FLAG, set_flag, DOORS_LOCAL_NAMES, "on: answer to every name under local as well"),
  DIRECTIVE("CorsOverHttps", FLAG, set_flag, DOORS_OVER_HTTPS, "on: only https pages are the server's own"),
  DIRECTIVE("CorsEnforce", FLAG, set_flag, DOORS_ENFORCE, "on: refuse every request with an Origin that is neither the server's own nor admitted"),
  DIRECTIVE("CorsIsolate", FLAG, set_flag, DOORS_ISOLATE, "on: refuse requests of other sites, except for navigations and admitted origins"),
  DIRECTIVE("CorsHostsStatus", TAKE1, set_status, DOORS_HOSTS_STATUS, "the status for other hosts: 403 or 421"),
  { NULL }
};

/* ------------------------------------------------------------------------------------- Policies */

static ecors_list values(const entries *list) {
  ecors_list all = ECORS_NO_LIST;
  if (list->values == NULL) return all;
  all.items = (const ecors_str *)list->values->elts;
  all.len = list->values->nelts;
  return all;
}

static ecors_config config_of(const ecors_block *block) {
  ecors_config config = ECORS_CONFIG_INIT;
  int flag;
  config.flags = ECORS_RENDER | ecors_directive_statuses(block->success_status, block->refused_status);
  for (flag = LAST_LIST + 1; flag <= LAST_FLAG; flag++)
    if (block->flags[flag] == 1) config.flags |= ecors_directive_flags[flag];
  if (block->max_age >= 0) config.max_age_seconds = block->max_age;
  config.origins = values(&block->lists[CORS_ORIGIN]);
  config.methods = values(&block->lists[CORS_METHODS]);
  config.headers = values(&block->lists[CORS_HEADERS]);
  config.expose = values(&block->lists[CORS_EXPOSE]);
  return config;
}

static int has_origins(const ecors_block *block) { return block->flags[CORS_LOOPBACK] == 1 || values(&block->lists[CORS_ORIGIN]).len != 0; }

static void set_mistake(ecors_made *made, const char *mistake, const ecors_place *place) {
  made->mistake = mistake;
  made->place = *place;
}

/* Makes the doors of a block, if a directive turns them on. */
static void make_doors(const ecors_block *block, ecors_made *made, apr_pool_t *pool) {
  int is_on, rc;
  ecors_doors_config config = ecors_directive_doors(block->doors_flags, block->hosts.values != NULL, block->hosts_status, &is_on);
  const ecors_place *place = &block->places[DOORS_HOSTS];
  ecors_error error;
  char message[768];
  size_t size;
  if (!is_on) return;
  config.hosts = values(&block->hosts);
  size = ecors_doors_size(&config);
  rc = ecors_doors_init(apr_palloc(pool, size), size, &config, &made->doors, &error);
  if (rc == ECORS_OK) return;
  if (rc != ECORS_E_CONFIG) {
    set_mistake(made, ecors_strerror(rc), &block->places[CORS]);
    return;
  }
  if (error.index < config.hosts.len) place = &APR_ARRAY_IDX(block->hosts.places, error.index, ecors_place);
  ecors_hosts_message(&error, names, message, sizeof message);
  set_mistake(made, apr_pstrdup(pool, message), place);
}

/* Makes the policy of a block: its rules in their order, then its directives beside them. */
static ecors_made *make(const ecors_block *block, apr_pool_t *pool) {
  ecors_made *made = apr_pcalloc(pool, sizeof *made);
  ecors_config configs[ECORS_MAX_RULES];
  const ecors_block *sources[ECORS_MAX_RULES + 1], *source;
  const ecors_place *place;
  ecors_error error;
  char message[768];
  int count = 0, i, attempt, rc, rules = block->rules == NULL ? 0 : block->rules->nelts;
  unsigned directive;
  size_t size;
  void *memory;

  for (i = 0; i < rules && count < ECORS_MAX_RULES; i++) sources[count++] = APR_ARRAY_IDX(block->rules, i, ecors_block *);
  if (has_origins(block)) sources[count++] = block;
  if (count == 0) {
    set_mistake(made, "Cors is on, but there is no CorsOrigin; write one, such as CorsOrigin https://app.example.com", &block->places[CORS]);
    return made;
  }
  if (rules > ECORS_MAX_RULES || count > ECORS_MAX_RULES) {
    set_mistake(made, "<CorsRule>: there are more than 16 rules; the CorsOrigin beside them counts as one", &block->places[CORS_RULE]);
    return made;
  }
  for (i = 0; i < count; i++) {
    if (!has_origins(sources[i])) {
      set_mistake(made, "<CorsRule>: has no CorsOrigin; write one, such as CorsOrigin https://app.example.com", &sources[i]->places[CORS]);
      return made;
    }
    configs[i] = config_of(sources[i]);
    made->replaces_timing |= sources[i]->flags[CORS_TIMING] == 1;
  }
  size = ecors_rules_size(configs, count);
  memory = apr_palloc(pool, size);
  for (attempt = 0; attempt < INDEX_ATTEMPTS; attempt++) {
    for (i = 0; i < count; i++) apr_generate_random_bytes(configs[i].index_seed, sizeof configs[i].index_seed);
    rc = ecors_rules_init(memory, size, configs, count, &made->policy, &error);
    if (rc != ECORS_E_CONFIG || strcmp(error.setting, "index_seed") != 0) break;
  }
  if (rc == ECORS_OK) {
    make_doors(block, made, pool);
    return made;
  }
  source = error.rule < (size_t)count ? sources[error.rule] : block;
  if (rc != ECORS_E_CONFIG) {
    set_mistake(made, ecors_strerror(rc), &block->places[CORS]);
  } else if (strcmp(error.setting, "index_seed") == 0) {
    set_mistake(made, "CorsOrigin: too many origins collide in the index, by chance; try again", &source->places[CORS_ORIGIN]);
  } else {
    directive = ecors_directive_of(error.setting);
    place = &source->places[directive];
    if (directive >= CORS_ORIGIN && directive <= LAST_LIST && error.index < values(&source->lists[directive]).len)
      place = &APR_ARRAY_IDX(source->lists[directive].places, error.index, ecors_place);
    ecors_directive_message(&error, directive, names, message, sizeof message);
    set_mistake(made, apr_pstrdup(pool, message), place);
  }
  return made;
}

const ecors_made *ecors_make(ecors_block *block, apr_pool_t *pool) {
  ecors_made *made = read_pointer(&block->made);
  int has_to_lock;
  if (block->enable != 1) return NULL;
  if (made != NULL) return made;
  has_to_lock = block->is_kept && !is_reading_configuration();
  if (has_to_lock && requests_pool == NULL) return make(block, pool);
  if (has_to_lock) {
    apr_thread_mutex_lock(mutex);
    pool = requests_pool;
    made = read_pointer(&block->made);
  }
  if (made == NULL) {
    made = make(block, pool);
    apr_atomic_xchgptr(&block->made, made);
  }
  if (has_to_lock) apr_thread_mutex_unlock(mutex);
  return made;
}

/* ---------------------------------------------------------------------------------------- Check */

int ecors_begin_configuration(apr_pool_t *pconf) {
  const command_rec *command;
  void *memory = apr_palloc(pconf, ANY_ORIGIN_SIZE);
  for (command = ecors_commands; command->name != NULL; command++) names[(apr_ssize_t)command->cmd_data] = command->name;
  names[CORS_RULE] = "<CorsRule>";
  if (ecors_any_origin_init(memory, &ecors_any_origin) != ECORS_OK) ecors_any_origin = NULL;
  requests_pool = NULL;
  return OK;
}

static void mark_used(ecors_block *block) {
  block->is_used = 1;
  if (block->sources[0] == NULL) return;
  mark_used(block->sources[0]);
  mark_used(block->sources[1]);
}

/* Checks what the requests of a section get: the directives of the blocks around it and its own. */
static int check_block(apr_pool_t *pool, server_rec *server, const char *section, ecors_block *block, ecors_block *own) {
  const ecors_made *made = ecors_make(block, pool);
  APR_ARRAY_PUSH(blocks, ecors_block *) = own;
  if (block->enable == 0) own->is_off = 1;
  if (made == NULL) return OK;
  mark_used(block);
  if (made->mistake == NULL) return OK;
  ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, server, "%s (for %s%s%s of the server %s) in %s:%d", made->mistake,
               section == NULL ? "all" : "\"", section == NULL ? "" : section, section == NULL ? "" : "\"",
               server->server_hostname != NULL ? server->server_hostname : "without a name", made->place.file, made->place.line);
  return HTTP_INTERNAL_SERVER_ERROR;
}

static int check_sections(apr_pool_t *pool, server_rec *server, ecors_block *base, const apr_array_header_t *sections);

static ecors_block *block_of(const ap_conf_vector_t *section) { return ap_get_module_config(section, &ecors_module); }

static int check_section(apr_pool_t *pool, server_rec *server, ecors_block *base, const ap_conf_vector_t *section) {
  const core_dir_config *core = ap_get_core_module_config(section);
  ecors_block *own = block_of(section), *block = own == NULL ? base : ecors_merge_blocks(pool, base, own);
  int rc = own == NULL || own->is_empty ? OK : check_block(pool, server, core == NULL ? NULL : core->d, block, own);
  if (rc == OK && core != NULL) rc = check_sections(pool, server, block, core->sec_file);
  if (rc == OK && core != NULL) rc = check_sections(pool, server, block, core->sec_if);
  return rc;
}

static int check_sections(apr_pool_t *pool, server_rec *server, ecors_block *base, const apr_array_header_t *sections) {
  int i, rc = OK;
  for (i = 0; sections != NULL && i < sections->nelts && rc == OK; i++)
    rc = check_section(pool, server, base, APR_ARRAY_IDX(sections, i, ap_conf_vector_t *));
  return rc;
}

static int is_pattern(const core_dir_config *core) { return core->r != NULL || core->d_is_fnmatch; }

/* Returns whether the outer section applies to all that the inner one applies to. */
static int is_inside(const core_dir_config *inner, const core_dir_config *outer) {
  size_t len = outer->d == NULL ? 0 : strlen(outer->d);
  if (len == 0 || is_pattern(outer) || inner->d == NULL) return 0;
  if (strcmp(outer->d, "/") == 0) return 1;
  return !is_pattern(inner) && strncmp(inner->d, outer->d, len) == 0 &&
         (outer->d[len - 1] == '/' || inner->d[len] == '/' || inner->d[len] == '\0');
}

/* Checks the sections of directories or of locations, each with those around it, in Apache's order.
 * Which others a pattern meets is known only when requests come. */
static int check_nested(apr_pool_t *pool, server_rec *server, ecors_block *base, const apr_array_header_t *sections) {
  int i, j, rc = OK;
  for (i = 0; sections != NULL && i < sections->nelts && rc == OK; i++) {
    const ap_conf_vector_t *section = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
    const core_dir_config *core = ap_get_core_module_config(section);
    ecors_block *own = block_of(section), *block = base, *around;
    for (j = 0; j < sections->nelts; j++) {
      const ap_conf_vector_t *other = APR_ARRAY_IDX(sections, j, ap_conf_vector_t *);
      around = block_of(other);
      if (around != NULL && (i == j || is_inside(core, ap_get_core_module_config(other)))) block = ecors_merge_blocks(pool, block, around);
    }
    if (own != NULL && !own->is_empty && (!is_pattern(core) || has_origins(block) || block->rules != NULL))
      rc = check_block(pool, server, core->d, block, own);
    if (rc == OK) rc = check_sections(pool, server, block, core->sec_file);
    if (rc == OK) rc = check_sections(pool, server, block, core->sec_if);
  }
  return rc;
}

/* Notes whether the settings depend on the file system. */
static void note_directories(const apr_array_header_t *sections) {
  int i;
  for (i = 0; sections != NULL && i < sections->nelts; i++) {
    const ap_conf_vector_t *section = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
    const core_dir_config *core = ap_get_core_module_config(section);
    const ecors_block *own = block_of(section);
    if ((core->override != OR_UNSET && (core->override & OR_FILEINFO)) || core->override_list != NULL || (own != NULL && !own->is_empty) ||
        core->sec_file != NULL || core->sec_if != NULL)
      depends_on_files = 1;
  }
}

/* Refuses directives without effect: those in a block where Cors is not on, unless it is on in a
 * block inside it. Where Cors off is written they are meant to have none. */
static int check_used(server_rec *main) {
  int i;
  for (i = 0; i < blocks->nelts; i++) {
    const ecors_block *block = APR_ARRAY_IDX(blocks, i, ecors_block *);
    if (block->own == 0 || block->is_used || block->is_off) continue;
    ap_log_error(APLOG_MARK, APLOG_STARTUP | APLOG_EMERG, 0, main,
                 "%s has no effect, because Cors is not on here; write Cors on, or Cors off if that is meant in %s:%d", names[block->own],
                 block->places[block->own].file, block->places[block->own].line);
    return HTTP_INTERNAL_SERVER_ERROR;
  }
  return OK;
}

int ecors_check_configuration(apr_pool_t *pconf, server_rec *main) {
  server_rec *server;
  int rc = OK;
  blocks = apr_array_make(pconf, 8, sizeof(ecors_block *));
  depends_on_files = 0;
  for (server = main; server != NULL && rc == OK; server = server->next) {
    const core_server_config *core = ap_get_core_module_config(server->module_config);
    const core_dir_config *defaults = ap_get_core_module_config(server->lookup_defaults);
    ecors_block *base = block_of(server->lookup_defaults), *own = base;
    if (base == NULL) continue;
    while (own->sources[1] != NULL) own = own->sources[1];
    rc = check_block(pconf, server, NULL, base, own);
    if (rc == OK) rc = check_sections(pconf, server, base, defaults->sec_file);
    if (rc == OK) rc = check_sections(pconf, server, base, defaults->sec_if);
    if (rc == OK) rc = check_nested(pconf, server, base, core->sec_url);
    if (rc == OK) rc = check_nested(pconf, server, base, core->sec_dir);
    note_directories(core->sec_dir);
    if (defaults->sec_file != NULL || defaults->sec_if != NULL) depends_on_files = 1;
  }
  if (rc == OK) rc = check_used(main);
  return rc;
}

int ecors_depends_on_files(void) { return depends_on_files; }

void ecors_begin_requests(apr_pool_t *child) {
  if (apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, child) != APR_SUCCESS) return;
  apr_pool_create(&requests_pool, child);
}
