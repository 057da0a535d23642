/* Reads a file of numbers and strings that tests/table wrote. */
#ifndef TABLE_FILE_H
#define TABLE_FILE_H

#include "check.h"

static char *file, *at;

static long number(void) {
  char *end;
  long value = strtol(at, &end, 10);
  if (end == at) {
    fprintf(stderr, "the table should have a number at byte %ld\n", (long)(at - file));
    exit(2);
  }
  at = end;
  return value;
}

static ecors_str bytes(void) {
  ecors_str result;
  result.len = (size_t)number();
  result.ptr = at + 1;
  if (*at != ':' || at[1 + result.len] != '\n') {
    fprintf(stderr, "the table should have a string at byte %ld\n", (long)(at - file));
    exit(2);
  }
  at += result.len + 2;
  return result;
}

static void read_file(const char *path) {
  FILE *stream = fopen(path, "rb");
  long len;
  if (stream == NULL || fseek(stream, 0, SEEK_END) != 0 || (len = ftell(stream)) < 0) {
    perror(path);
    exit(2);
  }
  rewind(stream);
  file = at = (char *)calloc((size_t)len + 2, 1);
  if (file == NULL || fread(file, 1, (size_t)len, stream) != (size_t)len) {
    perror(path);
    exit(2);
  }
  fclose(stream);
}

static int equals(ecors_str text, const char *bytes, size_t len) { return text.len == len && memcmp(text.ptr, bytes, len) == 0; }

#endif
