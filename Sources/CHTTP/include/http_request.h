// One HTTP request by libcurl, whose options take arguments of varying types, which Swift cannot pass.
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stddef.h>

typedef struct {
  const char *method;
  const char *url;
  // NULL for none.
  const char *body;
  size_t body_length;
  const char *const *headers;
  size_t header_count;
  // Seconds for all of it.
  double timeout;
  // Ends the request once another thread has called http_cancel with it.
  const int *cancelled;
  // A file of certificates that are trusted in place of the system's; NULL for the system's.
  const char *authorities;
} http_request;

typedef struct {
  // libcurl's code: 0 when there is an answer.
  int code;
  long status;
  // To be freed with http_release.
  char *body;
  size_t body_length;
  size_t body_capacity;
  char message[256];
  char retry_after[64];
  char location[512];
} http_response;

// What libcurl's codes mean.
enum {
  HTTP_NO_HOST = 1, HTTP_REFUSED, HTTP_TIMED_OUT, HTTP_NO_TLS, HTTP_CANCELLED, HTTP_BROKEN, HTTP_TOO_LONG
};

// Whether libcurl is installed.
int http_is_available(void);

// A connection, which may be used for one request at a time, and again; NULL without memory, or without libcurl.
void *http_open(void);
void http_close(void *connection);

// Sets a flag that requests look at, from any thread.
void http_cancel(int *cancelled);

// The answer; its code is one of the enumeration's, or 0.
void http_perform(void *connection, const http_request *request, http_response *response);
void http_release(http_response *response);

#endif
