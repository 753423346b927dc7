#include "http_request.h"

// RTLD_DEFAULT
#define _GNU_SOURCE
#include <dlfcn.h>
// Options are checked by macros of these names, which would call the functions themselves.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// libcurl is loaded for the first connection: with the forty libraries behind it this takes a third of the time in which the program starts, and few
// commands need it.
#ifdef __APPLE__
static const char library_name[] = "libcurl.4.dylib";
#else
static const char library_name[] = "libcurl.so.4";
#endif

static struct {
  __typeof__(curl_easy_init) *easy_init;
  __typeof__(curl_easy_cleanup) *easy_cleanup;
  __typeof__(curl_easy_reset) *easy_reset;
  __typeof__(curl_easy_setopt) *easy_setopt;
  __typeof__(curl_easy_perform) *easy_perform;
  __typeof__(curl_easy_getinfo) *easy_getinfo;
  __typeof__(curl_easy_strerror) *easy_strerror;
  __typeof__(curl_slist_append) *slist_append;
  __typeof__(curl_slist_free_all) *slist_free_all;
} library;

static void load_library(void) {
  // A program that is linked with libcurl, under whatever name, has it already. Without the library nothing is found.
  void *handle = RTLD_DEFAULT;
  if (!dlsym(handle, "curl_easy_init")) handle = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
#define FIND(name) library.name = (__typeof__(library.name))dlsym(handle, "curl_" #name)
  FIND(easy_cleanup);
  FIND(easy_reset);
  FIND(easy_setopt);
  FIND(easy_perform);
  FIND(easy_getinfo);
  FIND(easy_strerror);
  FIND(slist_append);
  FIND(slist_free_all);
  // The last, which says that the library is there.
  FIND(easy_init);
#undef FIND
}

int http_is_available(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load_library);
  return library.easy_init != NULL;
}

// Answers of a server that never ends are no answers.
static const size_t longest_body = (size_t)64 << 20;

static size_t receive(char *bytes, size_t size, size_t count, void *context) {
  http_response *response = context;
  const size_t length = size * count;
  if (response->body_length + length > longest_body) {
    response->code = HTTP_TOO_LONG;
    return 0;
  }
  if (response->body_length + length > response->body_capacity) {
    const size_t capacity = 2 * (response->body_length + length);
    char *body = realloc(response->body, capacity);
    if (!body) return 0;
    response->body = body;
    response->body_capacity = capacity;
  }
  memcpy(response->body + response->body_length, bytes, length);
  response->body_length += length;
  return length;
}

static size_t receive_header(char *bytes, size_t size, size_t count, void *context) {
  http_response *response = context;
  const size_t length = size * count;
  const char name[] = "retry-after:";
  if (length > sizeof name && strncasecmp(bytes, name, sizeof name - 1) == 0) {
    size_t start = sizeof name - 1, end = length;
    while (start < end && bytes[start] == ' ') start++;
    while (end > start && (bytes[end - 1] == '\r' || bytes[end - 1] == '\n' || bytes[end - 1] == ' ')) end--;
    size_t copied = end - start < sizeof response->retry_after - 1 ? end - start : sizeof response->retry_after - 1;
    memcpy(response->retry_after, bytes + start, copied);
    response->retry_after[copied] = 0;
  }
  return length;
}

static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
  (void)a, (void)b, (void)c, (void)d;
  const int *cancelled = context;
  return cancelled && __atomic_load_n(cancelled, __ATOMIC_RELAXED);
}

void http_cancel(int *cancelled) { __atomic_store_n(cancelled, 1, __ATOMIC_RELAXED); }

void *http_open(void) { return http_is_available() ? library.easy_init() : NULL; }

void http_close(void *connection) { library.easy_cleanup(connection); }

static int meaning(CURLcode code) {
  switch (code) {
    case CURLE_OK: return 0;
    case CURLE_COULDNT_RESOLVE_HOST: return HTTP_NO_HOST;
    case CURLE_COULDNT_CONNECT: return HTTP_REFUSED;
    case CURLE_OPERATION_TIMEDOUT: return HTTP_TIMED_OUT;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return HTTP_NO_TLS;
    case CURLE_ABORTED_BY_CALLBACK: return HTTP_CANCELLED;
    default: return HTTP_BROKEN;
  }
}

void http_perform(void *connection, const http_request *request, http_response *response) {
  memset(response, 0, sizeof *response);
  CURL *curl = connection;
  // Keeps the connection itself.
  library.easy_reset(curl);
  struct curl_slist *headers = NULL;
  for (size_t i = 0; i < request->header_count; i++) headers = library.slist_append(headers, request->headers[i]);
  // Servers that do not know it would be waited for.
  headers = library.slist_append(headers, "Expect:");
  library.easy_setopt(curl, CURLOPT_URL, request->url);
  library.easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  library.easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  library.easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L << 10);
  library.easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  const long milliseconds = (long)(request->timeout * 1000);
  library.easy_setopt(curl, CURLOPT_TIMEOUT_MS, milliseconds > 0 ? milliseconds : 1);
  // A key is for the server alone.
  library.easy_setopt(curl, CURLOPT_PROXY, "");
  library.easy_setopt(curl, CURLOPT_USERAGENT, "skewmem");
  library.easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  library.easy_setopt(curl, CURLOPT_ERRORBUFFER, response->message);
  library.easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
  library.easy_setopt(curl, CURLOPT_WRITEDATA, response);
  library.easy_setopt(curl, CURLOPT_HEADERFUNCTION, receive_header);
  library.easy_setopt(curl, CURLOPT_HEADERDATA, response);
  library.easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  library.easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
  library.easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)request->cancelled);
  if (request->authorities) library.easy_setopt(curl, CURLOPT_CAINFO, request->authorities);
  if (request->body) {
    library.easy_setopt(curl, CURLOPT_POST, 1L);
    library.easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_length);
    library.easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
  }
  library.easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
  const CURLcode code = library.easy_perform(curl);
  if (response->code != HTTP_TOO_LONG) response->code = meaning(code);
  if (code != CURLE_OK && !response->message[0]) {
    strncpy(response->message, library.easy_strerror(code), sizeof response->message - 1);
  }
  library.easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &response->status);
  const char *location = NULL;
  library.easy_getinfo(curl, CURLINFO_REDIRECT_URL, &location);
  if (location) strncpy(response->location, location, sizeof response->location - 1);
  // What it points to is gone after this.
  library.easy_reset(curl);
  library.slist_free_all(headers);
}

void http_release(http_response *response) {
  free(response->body);
  response->body = NULL;
}
