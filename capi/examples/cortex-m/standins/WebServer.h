/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A stand-in for the header of Arduino cores. It declares what README.md uses. */
#ifndef STANDIN_WEB_SERVER_H
#define STANDIN_WEB_SERVER_H

#include <stddef.h>

class String {
public:
  String(const char *text = "");
  String(const String &other);
  String &operator=(const String &other);
  ~String();
  const char *c_str() const;
  unsigned int length() const;
};

enum HTTPMethod { HTTP_GET = 1, HTTP_OPTIONS = 6 };

class WebServer {
public:
  HTTPMethod method();
  void collectHeaders(const char *headerKeys[], const size_t headerKeysCount);
  String header(String name);
  bool hasHeader(String name);
  void enableCORS(bool value = true);
  void sendHeader(const String &name, const String &value, bool first = false);
  void send(int code, const char *content_type = NULL, const String &content = String(""));
};

#endif
